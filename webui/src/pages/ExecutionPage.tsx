import { getRouteApi } from '@tanstack/react-router';
import { useCallback } from 'react';
import { ExecutionPanel } from '../components/Workflow/ExecutionPanel';
import { cleaned, type View } from '../execution/view';

const route = getRouteApi('/executions/$executionId');

/** One execution on the whole page; what of it is shown stands in the address. */
export function ExecutionPage() {
  const { executionId } = route.useParams();
  const view = route.useSearch();
  const navigate = route.useNavigate();
  const show = useCallback(
    (change: View) =>
      void navigate({
        search: (before: View) => cleaned({ ...before, ...change }),
        replace: true,
        resetScroll: false,
      }),
    [navigate],
  );
  return <ExecutionPanel key={executionId} executionId={executionId} view={view} onView={show} />;
}
