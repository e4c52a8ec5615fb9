/** Every address of the screen; what a page shows is in its search parameters. */
import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router';
import i18next from 'i18next';
import { viewOf } from '../execution/view';
import { loadWords } from '../i18n';
import { approvalsSearch, executionsSearch, workflowsSearch } from '../pages/search';
import { workflowSearch } from '../pages/workflow/view';
import { loaded } from '../ui/lazily';
import { Broken } from '../ui/states';
import { AppShell } from './AppShell';
import { NotFound } from './NotFound';

export interface Context {
  queries: QueryClient;
}

const root = createRootRouteWithContext<Context>()({ component: AppShell, notFoundComponent: NotFound });

const words = (...namespaces: string[]) => Promise.all(namespaces.map(loadWords));

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  loader: () => words('home', 'executions'),
  component: lazyRouteComponent(() => loaded(() => import('../pages/HomePage')), 'HomePage'),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: '/workflows',
  validateSearch: workflowsSearch,
  loader: () => words('workflows'),
  component: lazyRouteComponent(() => loaded(() => import('../pages/WorkflowListPage')), 'WorkflowListPage'),
});

const workflow = createRoute({
  getParentRoute: () => root,
  path: '/workflows/$workflowId',
  validateSearch: workflowSearch,
  loader: () => words('workflows', 'workflow', 'executions'),
  component: lazyRouteComponent(() => loaded(() => import('../pages/WorkflowsPage')), 'WorkflowsPage'),
});

const executions = createRoute({
  getParentRoute: () => root,
  path: '/executions',
  validateSearch: executionsSearch,
  loader: () => words('executions'),
  component: lazyRouteComponent(() => loaded(() => import('../pages/ExecutionsPage')), 'ExecutionsPage'),
});

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: approvalsSearch,
  loader: () => words('approvals'),
  component: lazyRouteComponent(() => loaded(() => import('../pages/ApprovalsPage')), 'ApprovalsPage'),
});

const execution = createRoute({
  getParentRoute: () => root,
  path: '/executions/$executionId',
  validateSearch: viewOf,
  loader: () => loadWords('execution'),
  component: lazyRouteComponent(() => loaded(() => import('../pages/ExecutionPage')), 'ExecutionPage'),
});

// Only development and test builds have it; the condition keeps it out of the others.
const extra = __GALLERY__
  ? [
      createRoute({
        getParentRoute: () => root,
        path: '/__gallery',
        loader: () => words('forms'),
        component: lazyRouteComponent(() => loaded(() => import('../pages/GalleryPage')), 'GalleryPage'),
      }),
    ]
  : [];

const routes = root.addChildren([home, workflows, workflow, executions, execution, approvals, ...extra]);

export function createAppRouter(queries: QueryClient) {
  return createRouter({
    routeTree: routes,
    context: { queries },
    defaultPreload: 'intent',
    defaultErrorComponent: ({ error, reset }) => (
      <Broken
        whole
        title={i18next.t('failed.load')}
        error={error instanceof Error ? error : new Error(String(error))}
        retry={reset}
      />
    ),
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
