import { cleanup, render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useMemo, useState } from 'react';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { loadWords, startI18n } from '../../i18n';
import { TooltipProvider } from '../../ui/Tooltip';
import { Evaluate, NoAnswer, Stand, type Answer, type Evaluation } from './context';
import { ExpressionInput } from './ExpressionInput';

vi.setConfig({ testTimeout: 20_000 });

const good = (value: unknown, from: Answer['from'] = null): Answer => ({
  ...{ ok: true, value, type: 'integer', truncated: false, from, error: null },
});

function Host({ preview, given = {} }: { preview: Evaluation['preview']; given?: Partial<Evaluation> }) {
  const [text, setText] = useState('{{ 1 }}');
  const [active, activate] = useState<string | null>(null);
  const evaluation: Evaluation = {
    scope: async () => null,
    settled: async () => undefined,
    sources: [{ id: 'none', words: 'Made-up values' }],
    ...{ source: 'none', choose: () => undefined, passage: null, pass: () => undefined },
    ...{ preview, active, activate },
    ...given,
  };
  const stand = useMemo(() => ({ node: 'n', base: '/config' }), []);
  return (
    <TooltipProvider>
      <Evaluate value={evaluation}>
        <Stand value={stand}>
          <ExpressionInput
            described={{ id: 'f', 'aria-describedby': undefined, 'aria-invalid': undefined }}
            label="Url"
            pointer="/url"
            text={text}
            onText={setText}
          />
          <span>{text}</span>
        </Stand>
      </Evaluate>
    </TooltipProvider>
  );
}

const editor = async () => {
  await waitFor(() => expect(document.querySelector('.cm-content')).not.toBeNull(), { timeout: 5000 });
  return screen.getByRole('textbox', { name: 'Url' });
};

beforeAll(async () => {
  await startI18n('en');
  await loadWords('forms');
});
afterEach(cleanup);

it('is a plain input until it is entered, and keeps the focus when it becomes an editor', async () => {
  const preview = vi.fn(async () => good(1));
  render(<Host preview={preview} />);
  expect(screen.getByRole('textbox').tagName).toBe('TEXTAREA');
  await userEvent.tab();
  const box = await editor();
  expect(box).toHaveFocus();
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('1whole number'));
  expect(preview).toHaveBeenCalledWith('n', '/config/url', '{{ 1 }}', expect.anything());
});

it('says where an error is, and keeps the last value as old', async () => {
  const error = { message: 'It ends too early.', cure: 'Finish it.', offset: 4, length: 1 };
  const answers = [good(1), { ...good(null), ok: false, type: null, error }];
  const preview = vi.fn(async () => answers.shift() as Answer);
  const { rerender } = render(<Host preview={preview} />);
  await userEvent.click(screen.getByRole('textbox'));
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('whole number'));
  rerender(<Host preview={preview} given={{ source: 'other' }} />);
  await waitFor(() =>
    expect(screen.getByRole('status')).toHaveTextContent('At character 5: It ends too early.'),
  );
  expect(screen.getByRole('status')).toHaveTextContent('before the last change');
});

it('asks again once the draft is saved', async () => {
  let saved: () => void = () => undefined;
  const settled = () => new Promise<void>((resolve) => (saved = resolve));
  let known = false;
  const preview = vi.fn(async () => {
    if (!known) throw new NoAnswer('unsaved', 'There is no such step.');
    return good(7);
  });
  render(<Host preview={preview} given={{ settled }} />);
  await userEvent.click(screen.getByRole('textbox'));
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('once the draft is saved'));
  known = true;
  saved();
  await waitFor(() => expect(screen.getByRole('status')).toHaveTextContent('7'));
  expect(preview).toHaveBeenCalledTimes(2);
});

it('leads from passage to passage of a loop', async () => {
  const path = [{ region: 'each', iteration: 0 }];
  const pass = vi.fn();
  render(<Host preview={async () => good(1, { execution_id: 'x', path })} given={{ pass }} />);
  await userEvent.click(screen.getByRole('textbox'));
  await userEvent.click(await screen.findByRole('button', { name: 'Later passage' }));
  expect(pass).toHaveBeenCalledWith([{ region: 'each', iteration: 1 }]);
});
