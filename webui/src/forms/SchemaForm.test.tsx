import { cleanup, render, screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { useState } from 'react';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loadWords, startI18n } from '../i18n';
import { TooltipProvider } from '../ui/Tooltip';
import type { Json, JsonSchema } from './schema';
import { SchemaForm, startOf, type Said } from './SchemaForm';

beforeAll(async () => {
  await startI18n('en');
  await loadWords('forms');
});

afterEach(cleanup);

function form(schema: JsonSchema, more: { value?: Json; said?: Said[]; showAll?: boolean } = {}) {
  const now = { value: more.value ?? startOf(schema), broken: false };
  function Holder() {
    const [value, setValue] = useState(now.value);
    return (
      <TooltipProvider>
        <SchemaForm
          schema={schema}
          value={value}
          onChange={(next) => {
            now.value = next;
            setValue(next);
          }}
          onBroken={(broken) => (now.broken = broken)}
          said={more.said ?? []}
          showAll={more.showAll ?? false}
        />
      </TooltipProvider>
    );
  }
  render(<Holder />);
  return now;
}

const object = (properties: object, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  required,
});

describe('a form drawn from a schema', () => {
  it('writes texts, numbers, choices and yes or no as what they are', async () => {
    const user = userEvent.setup();
    const now = form(
      object(
        {
          name: { type: 'string', title: 'Name', maxLength: 20 },
          count: { type: 'integer', title: 'Count' },
          size: { enum: ['s', 'm', 3], title: 'Size' },
          dry: { type: 'boolean', title: 'Dry' },
        },
        ['name', 'count', 'size', 'dry'],
      ),
    );
    await user.type(screen.getByLabelText(/Name/), 'Ana');
    await user.type(screen.getByLabelText(/Count/), '12');
    await user.selectOptions(screen.getByLabelText(/Size/), '3');
    await user.click(screen.getByRole('checkbox', { name: /Dry/ }));
    expect(now.value).toEqual({ name: 'Ana', count: 12, size: 3, dry: true });
  });

  it('says what is wrong with a field once it was left, tied to the field', async () => {
    const user = userEvent.setup();
    form(object({ count: { type: 'integer', title: 'Count', minimum: 3 } }, ['count']));
    const field = screen.getByLabelText(/Count/);
    await user.type(field, '1');
    expect(field).not.toHaveAttribute('aria-invalid');
    await user.tab();
    expect(field).toHaveAttribute('aria-invalid', 'true');
    expect(field).toHaveAccessibleDescription(/Not less than 3/);
    await user.type(field, '5');
    expect(field).not.toHaveAttribute('aria-invalid');
  });

  it('shows what the server said at the field it is about', () => {
    form(
      object({ rows: { type: 'array', items: object({ sku: { type: 'string', title: 'SKU' } }, ['sku']) } }),
      {
        value: { rows: [{ sku: 'a' }, { sku: 'b' }] },
        said: [{ pointer: '/rows/1/sku', message: 'There is no such SKU.' }],
      },
    );
    const [first, second] = screen.getAllByLabelText(/^SKU/);
    expect(first).not.toHaveAccessibleDescription();
    expect(second).toHaveAccessibleDescription(/There is no such SKU\./);
  });

  it('adds, moves and removes the items of a list', async () => {
    const user = userEvent.setup();
    const now = form(object({ tags: { type: 'array', title: 'Tags', items: { type: 'string' } } }, ['tags']));
    for (const text of ['one', 'two']) {
      await user.click(screen.getByRole('button', { name: 'Add an item' }));
      await user.type(screen.getAllByRole('textbox').at(-1) as HTMLElement, text);
    }
    expect(now.value).toEqual({ tags: ['one', 'two'] });
    await user.click(screen.getByRole('button', { name: 'Move Item 2 up' }));
    expect(now.value).toEqual({ tags: ['two', 'one'] });
    await user.click(screen.getByRole('button', { name: 'Remove Item 1' }));
    expect(now.value).toEqual({ tags: ['one'] });
  });

  it('adds an optional part on demand, takes it away again, and keeps names apart', async () => {
    const user = userEvent.setup();
    const now = form(
      object({ headers: { type: 'object', title: 'Headers', additionalProperties: { type: 'string' } } }),
    );
    expect(now.value).toEqual({});
    await user.click(screen.getByRole('button', { name: 'Add Headers' }));
    await user.type(screen.getByRole('textbox', { name: 'New name in Headers' }), 'accept{Enter}');
    await user.type(screen.getByLabelText(/^accept/), 'text/html');
    expect(now.value).toEqual({ headers: { accept: 'text/html' } });
    await user.type(screen.getByRole('textbox', { name: 'New name in Headers' }), 'accept');
    expect(screen.getByRole('button', { name: 'Add' })).toHaveAttribute('aria-disabled', 'true');
    await user.click(screen.getByRole('button', { name: 'Remove Headers' }));
    expect(now.value).toEqual({});
  });

  it('changes between the kinds of a choice', async () => {
    const user = userEvent.setup();
    const mail = {
      title: 'Mail',
      ...object({ via: { const: 'mail' }, to: { type: 'string', title: 'To' } }, ['via', 'to']),
    };
    const hook = {
      title: 'Hook',
      ...object({ via: { const: 'hook' }, url: { type: 'string', title: 'URL' } }, ['via', 'url']),
    };
    const now = form(object({ notify: { oneOf: [mail, hook], title: 'Notify' } }, ['notify']));
    expect(now.value).toEqual({ notify: { via: 'mail' } });
    await user.selectOptions(screen.getByLabelText('Kind'), 'Hook');
    await user.type(screen.getByLabelText(/^URL/), 'http://x');
    expect(now.value).toEqual({ notify: { via: 'hook', url: 'http://x' } });
  });

  it('edits as JSON what it cannot draw, and says when that is none', async () => {
    const user = userEvent.setup();
    const now = form(object({ any: { title: 'Anything' } }, ['any']));
    const field = screen.getByLabelText(/^Anything/);
    await user.click(field);
    await user.paste('{"a": [1');
    expect(now.broken).toBe(true);
    expect(field).toHaveAccessibleDescription(/no JSON yet/);
    await user.paste(', 2]}');
    expect(now.value).toEqual({ any: { a: [1, 2] } });
    expect(now.broken).toBe(false);
  });

  it('groups what belongs together by name', () => {
    form(
      object({ card: { title: 'Card', ...object({ pan: { type: 'string', title: 'Number' } }) } }, ['card']),
    );
    expect(within(screen.getByRole('group', { name: /Card/ })).getByLabelText(/^Number/)).toBeInTheDocument();
  });
});
