/**
 * The one way to the clipboard. The browser's newer one is missing where a page came by plain http from another
 * machine, and may be forbidden; then the older one does it, while the person's click is fresh.
 */

/** Whether the text is on the clipboard now. To be called by what a person did. */
export async function copyText(text: string): Promise<boolean> {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // forbidden here: the older way may be open
  }
  return copyChosen(text);
}

/** A text nobody sees is chosen and copied; focus and what was chosen are as before. */
function copyChosen(text: string): boolean {
  if (!document.execCommand) return false;
  const focused = document.activeElement as HTMLElement | null;
  const selection = getSelection();
  const ranges = Array.from({ length: selection?.rangeCount ?? 0 }, (_, at) => selection?.getRangeAt(at));
  const field = document.createElement('textarea');
  field.className = 'visually-hidden';
  field.readOnly = true; // else a phone shows its keyboard
  field.style.whiteSpace = 'pre'; // else spaces and lines run together
  field.value = text;
  // Within what keeps the focus to itself.
  (focused?.closest('[role=dialog], [role=menu]') ?? document.body).append(field);
  try {
    field.focus({ preventScroll: true });
    field.select();
    return document.execCommand('copy');
  } catch {
    return false;
  } finally {
    field.remove();
    focused?.focus({ preventScroll: true });
    if (ranges.length > 0) selection?.removeAllRanges();
    for (const range of ranges) if (range) selection?.addRange(range);
  }
}
