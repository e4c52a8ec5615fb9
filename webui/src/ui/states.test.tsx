import { QueryClient, QueryClientProvider, useQuery } from '@tanstack/react-query';
import { act, cleanup, render, screen } from '@testing-library/react';
import { afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { startI18n } from '../i18n';
import { Skeleton } from './states';
import { TooltipProvider } from './Tooltip';

beforeAll(() => startI18n('en'));
beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));
const again = () => screen.queryByRole('button', { name: 'Try again' });

/** The first question is never answered. */
function Loading({ ask }: { ask: () => Promise<string> }) {
  const { data } = useQuery({ queryKey: ['slow'], queryFn: ask });
  return data === undefined ? <Skeleton rows={2} /> : <p>{data}</p>;
}

function loading(ask: () => Promise<string>): void {
  render(
    <QueryClientProvider client={new QueryClient()}>
      <TooltipProvider>
        <Loading ask={ask} />
      </TooltipProvider>
    </QueryClientProvider>,
  );
}

it('says nothing at first, then that it takes long, then how to try again', async () => {
  loading(() => new Promise(() => undefined));
  const status = screen.getByRole('status', { name: 'Loading' });
  await pass(2_900);
  expect(status).toHaveTextContent('');
  await pass(200);
  expect(status).toHaveTextContent('This takes longer than usual.');
  expect(again()).toBeNull();
  await pass(7_000);
  expect(status).toHaveTextContent('There is no answer yet.');
  expect(again()).toBeInTheDocument();
});

it('asks again for what has had no answer, and waits anew', async () => {
  const ask = vi.fn<() => Promise<string>>(() => new Promise(() => undefined));
  loading(ask);
  await pass(10_100);
  await act(async () => again()?.click());
  expect(ask).toHaveBeenCalledTimes(2);
  expect(screen.getByRole('status')).toHaveTextContent('');
  ask.mockResolvedValue('here');
  await pass(10_100);
  await act(async () => again()?.click());
  await pass(10);
  expect(screen.getByText('here')).toBeInTheDocument();
});

it('loads the page anew where nothing was asked', async () => {
  const reload = vi.fn();
  vi.stubGlobal('location', { ...location, reload });
  render(<Skeleton />, { wrapper: TooltipProvider });
  await pass(10_100);
  await act(async () => again()?.click());
  expect(reload).toHaveBeenCalledOnce();
  vi.unstubAllGlobals();
});
