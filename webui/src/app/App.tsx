import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import i18next from 'i18next';
import { lazy, Suspense } from 'react';
import { createQueryClient } from '../api/queries';
import { useSession } from '../api/session';
import { LiveRegion } from '../ui/LiveRegion';
import { ErrorBoundary } from '../ui/states';
import { say, Toasts } from '../ui/Toasts';
import { TooltipProvider } from '../ui/Tooltip';
import { createAppRouter } from './router';
import { SignInPage } from './SignIn';

const SignInAgain = lazy(() => import('./SignInAgain'));

const queries = createQueryClient((error) =>
  say(i18next.t('failed.write'), { kind: 'error', detail: error.message }),
);
const router = createAppRouter(queries);

export function App() {
  const { me, ended } = useSession();
  return (
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <ErrorBoundary title={i18next.t('failed.page')}>
          {me === null ? <SignInPage /> : <RouterProvider router={router} />}
          {me !== null && ended && (
            <Suspense fallback={null}>
              <SignInAgain />
            </Suspense>
          )}
        </ErrorBoundary>
        <Toasts />
        <LiveRegion />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
