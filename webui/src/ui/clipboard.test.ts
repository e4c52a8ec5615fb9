import { afterEach, expect, it, vi } from 'vitest';
import { copyText } from './clipboard';

afterEach(() => {
  vi.unstubAllGlobals();
  document.body.replaceChildren();
});

/** A browser without the newer way; the older one takes what is chosen, or does not. */
function older(taken: (text: string) => boolean): void {
  vi.stubGlobal('navigator', { ...navigator, clipboard: undefined });
  document.execCommand = vi.fn((command: string) => {
    const { activeElement: field } = document;
    return command === 'copy' && field instanceof HTMLTextAreaElement && taken(field.value);
  });
}

it('copies by the newer way where there is one', async () => {
  const writeText = vi.fn(async () => undefined);
  vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText } });
  expect(await copyText('a text')).toBe(true);
  expect(writeText).toHaveBeenCalledWith('a text');
});

it('copies by the older way where the newer is missing, and gives the focus back', async () => {
  const taken: string[] = [];
  older((text) => taken.push(text) > 0);
  const dialog = document.createElement('div');
  dialog.role = 'dialog';
  const button = document.createElement('button');
  dialog.append(button);
  document.body.append(dialog);
  button.focus();
  const within: (Element | null)[] = [];
  dialog.addEventListener('focusin', (event) => within.push(event.target as Element));
  expect(await copyText('two\nlines')).toBe(true);
  expect(taken).toEqual(['two\nlines']);
  expect(document.activeElement).toBe(button);
  expect(within).toHaveLength(2); // the text stood within what keeps the focus
  expect(document.querySelector('textarea')).toBeNull();
});

it('tries the older way where the newer is forbidden', async () => {
  const taken: string[] = [];
  older((text) => taken.push(text) > 0);
  const writeText = vi.fn(() => Promise.reject(new DOMException('no', 'NotAllowedError')));
  vi.stubGlobal('navigator', { ...navigator, clipboard: { writeText } });
  expect(await copyText('again')).toBe(true);
  expect(taken).toEqual(['again']);
});

it('says that it did not work where neither does', async () => {
  older(() => false);
  expect(await copyText('never')).toBe(false);
  older(() => {
    throw new Error('no');
  });
  expect(await copyText('never')).toBe(false);
  expect(document.querySelector('textarea')).toBeNull();
});
