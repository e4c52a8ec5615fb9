/** What a text gives, asked while it is written. */
import { useEffect, useRef, useState } from 'react';
import { NoAnswer, type Answer, type Evaluation } from './context';

export const PREVIEW_MS = 250;
const BUSY_MS = 2_000;
const AGAIN_MS = 1_000;

/**
 * `none`: there is no expression · `asking`, `busy`: the last good answer stays, dimmed · `unsaved`: asked again once
 * the draft has arrived · `failed`: why nothing can be shown.
 */
export interface Preview {
  readonly state: 'none' | 'asking' | 'busy' | 'unsaved' | 'failed' | 'answered';
  readonly answer: Answer | null;
  /** The last value there was. */
  readonly good: Answer | null;
  readonly reason: string;
}

const NONE: Preview = { state: 'none', answer: null, good: null, reason: '' };

export interface Asked {
  readonly evaluation: Evaluation;
  readonly node: string | null;
  readonly pointer: string;
  readonly text: string;
}

/** Debounced; an older question is given up, and its answer is never shown. */
export function usePreview({ evaluation, node, pointer, text }: Asked): Preview {
  const [preview, setPreview] = useState<Preview>(NONE);
  const [again, setAgain] = useState(0);
  const latest = useRef(evaluation);
  useEffect(() => {
    latest.current = evaluation;
  });
  const { source, passage } = evaluation;
  const empty = !text.includes('{{');
  useEffect(() => {
    if (empty) return;
    const stop = new AbortController();
    let later: ReturnType<typeof setTimeout> | undefined;
    const become = (change: (before: Preview) => Preview): void => {
      if (!stop.signal.aborted) setPreview(change);
    };
    const ask = (): void => {
      become((before) => ({ ...before, state: 'asking', reason: '' }));
      const slow = setTimeout(() => become((before) => ({ ...before, state: 'busy' })), BUSY_MS);
      latest.current
        .preview(node, pointer, text, stop.signal)
        .then(
          (answer) =>
            become((before) => ({
              ...{ state: 'answered', answer, reason: '' },
              good: answer.ok ? answer : before.good,
            })),
          (error: Error) => {
            const why = error instanceof NoAnswer ? error.why : 'failed';
            become((before) => ({ ...before, answer: null, state: why, reason: error.message }));
            const once = (): void => setAgain((before) => before + 1);
            if (why === 'busy') later = setTimeout(once, AGAIN_MS);
            if (why === 'unsaved') void latest.current.settled().then(() => !stop.signal.aborted && once());
          },
        )
        .finally(() => clearTimeout(slow));
    };
    const timer = setTimeout(ask, PREVIEW_MS);
    return () => {
      stop.abort();
      clearTimeout(timer);
      clearTimeout(later);
    };
  }, [node, pointer, text, empty, source, passage, again]);
  if (empty) return NONE;
  return preview.state === 'none' ? { ...preview, state: 'asking' } : preview;
}
