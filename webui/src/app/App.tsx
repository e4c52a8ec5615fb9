import { QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import i18next from 'i18next';
import { createQueryClient } from '../api/queries';
import { useSession } from '../api/session';
import { LiveRegion } from '../ui/LiveRegion';
import { ErrorBoundary, Overlay, Part } from '../ui/states';
import { complain, Toasts } from '../ui/Toasts';
import { TooltipProvider } from '../ui/Tooltip';
import { createAppRouter } from './router';
import { lazily } from '../ui/lazily';

const SignInPage = lazily(async () => ({ default: (await import('./SignIn')).SignInPage }));
const SignInAgain = lazily(() => import('./SignInAgain'));

const queries = createQueryClient((error) => complain(i18next.t('failed.write'), error));
const router = createAppRouter(queries);

// What one person could read is not kept for the next.
useSession.subscribe((now, before) => {
  if (before.me && now.me?.user.id !== before.me.user.id) queries.clear();
});

export function App() {
  const { me, ended } = useSession();
  return (
    <QueryClientProvider client={queries}>
      <TooltipProvider>
        <ErrorBoundary title={i18next.t('failed.page')}>
          {me === null ? (
            <Part rows={4}>
              <SignInPage />
            </Part>
          ) : (
            <RouterProvider router={router} />
          )}
          {me !== null && ended && (
            <Overlay>
              <SignInAgain />
            </Overlay>
          )}
        </ErrorBoundary>
        <Toasts />
        <LiveRegion />
      </TooltipProvider>
    </QueryClientProvider>
  );
}
