import { create } from 'zustand';

const EVERY_MS = 3000;
const useSaid = create<{ polite: string; assertive: string }>(() => ({ polite: '', assertive: '' }));
let spokenAt = 0;
let next: ReturnType<typeof setTimeout> | undefined;

/** Tell screen readers, at most every three seconds; the latest words replace those not spoken yet. */
export function announce(text: string): void {
  clearTimeout(next);
  const wait = Math.max(0, spokenAt + EVERY_MS - Date.now());
  next = setTimeout(() => {
    spokenAt = Date.now();
    useSaid.setState({ polite: text });
  }, wait);
}

/** The answer to what the person just did: spoken at once. */
export function answer(text: string): void {
  useSaid.setState({ assertive: text });
}

export function LiveRegion() {
  const { polite, assertive } = useSaid();
  return (
    <div className="visually-hidden">
      <div aria-live="polite">{polite}</div>
      <div aria-live="assertive">{assertive}</div>
    </div>
  );
}
