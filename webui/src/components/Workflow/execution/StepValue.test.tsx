import { cleanup, render, screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { loadWords, startI18n } from '../../../i18n';
import { TooltipProvider } from '../../../ui/Tooltip';
import { WholeValue } from './StepValue';

beforeAll(async () => {
  await startI18n('en');
  await loadWords('execution');
});
afterEach(cleanup);

const ORDERS = {
  orders: Array.from({ length: 30 }, (_, at) => ({ id: `o-${at}`, 'ship to': { city: `Town ${at}` } })),
  currency: 'EUR',
};

function shown(value: unknown) {
  const user = userEvent.setup();
  render(<WholeValue value={value} root="steps.load.output" />, { wrapper: TooltipProvider });
  return user;
}

const search = () => screen.getByRole('searchbox', { name: 'Search in the value' });

it('shows only what holds the words, opened and marked, and says when nothing does', async () => {
  const user = shown(ORDERS);
  expect(screen.queryByText('"Town 17"')).toBeNull();
  await user.type(search(), 'town 17');
  expect(document.querySelector('mark')).toHaveTextContent('Town 17');
  expect(screen.queryByText(/currency/)).toBeNull();
  expect(document.querySelectorAll('mark')).toHaveLength(1);
  await user.clear(search());
  await user.type(search(), 'nowhere');
  expect(screen.getByRole('status')).toHaveTextContent('That does not stand in it.');
});

it('shows all of what is called so', async () => {
  const user = shown({ pay: { card: 'visa', amount: 3 }, ship: { by: 'post' } });
  await user.type(search(), 'PAY');
  expect(screen.getByText('"visa"')).toBeInTheDocument();
  expect(screen.queryByText('"post"')).toBeNull();
});

it('takes a place along as expressions write it', async () => {
  const user = shown(ORDERS);
  await user.type(search(), 'town 3');
  const place = 'steps.load.output.orders[3]["ship to"].city';
  await user.click(screen.getByRole('button', { name: `Copy the place ${place}` }));
  expect(await navigator.clipboard.readText()).toBe(place);
});

it('shows it as text, and a single value without tools', async () => {
  const user = shown({ a: [1] });
  await user.click(screen.getByRole('button', { name: 'As text' }));
  expect(screen.getByLabelText('As text', { selector: 'pre' }).textContent).toBe(
    JSON.stringify({ a: [1] }, null, 2),
  );
  cleanup();
  shown(3);
  expect(screen.queryByRole('searchbox')).toBeNull();
  expect(screen.queryByRole('button', { name: 'As text' })).toBeNull();
});
