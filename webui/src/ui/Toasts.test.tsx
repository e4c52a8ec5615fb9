import { act, cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { startI18n } from '../i18n';
import { complain, say, Toasts, useToasts } from './Toasts';
import { TooltipProvider } from './Tooltip';

beforeAll(() => startI18n('en'));

afterEach(() => {
  cleanup();
  vi.useRealTimers();
  useToasts.setState({ toasts: [] });
});

function shown() {
  render(
    <TooltipProvider>
      <Toasts />
    </TooltipProvider>,
  );
}

describe('what is said at the edge of the page', () => {
  it('goes by itself, but an error stays until it is dismissed', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const user = userEvent.setup({ advanceTimers: vi.advanceTimersByTime });
    shown();
    say('It is saved.');
    complain('It was refused.', new Error('Somebody was faster.'));
    expect(await screen.findByText('It is saved.')).toBeInTheDocument();
    await act(() => vi.advanceTimersByTimeAsync(60_000));
    expect(screen.queryByText('It is saved.')).toBeNull();
    expect(screen.getByText('Somebody was faster.')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Close' }));
    expect(screen.queryByText('Somebody was faster.')).toBeNull();
  });

  it('names the request that was refused, and lets its details be taken along', async () => {
    const user = userEvent.setup();
    shown();
    complain('It was refused.', { message: 'It runs already.', requestId: 'a1b2c3' });
    expect(await screen.findByText('Request a1b2c3')).toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Copy details' }));
    expect(await screen.findByRole('button', { name: 'Copied' })).toBeInTheDocument();
    const taken = (await navigator.clipboard.readText()).split('\n');
    expect(taken.slice(0, 4)).toEqual([
      'It was refused.',
      'It runs already.',
      'Request a1b2c3',
      location.href,
    ]);
  });
});
