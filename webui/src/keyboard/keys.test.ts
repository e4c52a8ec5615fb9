import { renderHook } from '@testing-library/react';
import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { handle, useKeys, useSingleKeys, type Shortcut } from './keys';

beforeAll(() => addEventListener('keydown', handle));
afterEach(() => useSingleKeys.getState().setOn(true));

function press(key: string, ctrlKey = false): void {
  document.body.dispatchEvent(
    new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }),
  );
}

it('does what the key was registered for last; what is only told of is left to the focus', () => {
  const [first, last] = [vi.fn(), vi.fn()];
  const rest = { label: '', scope: '' };
  const shortcuts: Shortcut[] = [
    { keys: 'J', run: first, ...rest },
    { keys: 'J', run: last, ...rest },
    { keys: 'J', ...rest },
  ];
  renderHook(() => useKeys(shortcuts));
  press('j');
  expect([first, last].map(({ mock }) => mock.calls.length)).toEqual([0, 1]);
});

it('leaves single letters alone once they are turned off, but not those with Ctrl', () => {
  const [plain, control] = [vi.fn(), vi.fn()];
  const rest = { label: '', scope: '' };
  const shortcuts: Shortcut[] = [
    { keys: 'J', run: plain, ...rest },
    { keys: 'Ctrl+K', run: control, ...rest },
  ];
  renderHook(() => useKeys(shortcuts));
  useSingleKeys.getState().setOn(false);
  expect(localStorage.getItem('fermata:single-keys')).toBe('off');
  press('j');
  press('k', true);
  expect(plain).not.toHaveBeenCalled();
  expect(control).toHaveBeenCalledOnce();
  useSingleKeys.getState().setOn(true);
  press('j');
  expect(plain).toHaveBeenCalledOnce();
});
