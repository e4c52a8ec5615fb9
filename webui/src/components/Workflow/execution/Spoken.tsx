import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { isFinal, statusOf } from '../../../execution/status';
import { useKeys, type Shortcut } from '../../../keyboard/keys';
import type { Overall } from '../../../stores/ExecutionStore';
import { announce } from '../../../ui/LiveRegion';
import { isFocused, useExecution } from './context';
import { listedNow } from './StepTable';

const SPOKEN_MS = 3_000;

/** Tells screen readers how it goes on, in summaries; each step for itself would be too much. */
export function Spoken({ overall }: { overall: Overall }) {
  const { t } = useTranslation('execution');
  const { store } = useExecution();
  const { status } = overall;
  const said = useRef<string | null>(null);
  useEffect(() => {
    if (said.current !== null && said.current !== status) {
      announce(t('now', { status: t(`status.${status}`, { ns: 'common' }) }));
    }
    said.current = status;
  }, [status, t]);
  useEffect(() => {
    let told: { ended: number; failed: number } | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = store.subscribe('steps', () => {
      const now = { ended: 0, failed: 0 };
      for (const counts of store.allCounts().values()) {
        for (const [name, number] of Object.entries(counts)) {
          if (isFinal(statusOf(name))) now.ended += number;
          if (name === 'failed' || name === 'timed_out') now.failed += number;
        }
      }
      told ??= now;
      const ended = now.ended - told.ended;
      if (ended <= 0) return;
      announce(t('more_ended', { count: ended, failed: now.failed - told.failed }));
      // What is said replaces what was not spoken yet: the sum begins anew when it was.
      timer ??= setTimeout(() => {
        told = null;
        timer = undefined;
      }, SPOKEN_MS);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [store, t]);
  return null;
}

/** Keys that work in all views, while the focus is in the panel. */
export function Keys() {
  const { t } = useTranslation('execution');
  const { store, plan, view, show } = useExecution();
  const here = useRef({ plan, view });
  useEffect(() => {
    here.current = { plan, view };
  });
  const shortcuts = useMemo<Shortcut[]>(() => {
    const scope = t('execution');
    const failure = (by: 1 | -1): void => {
      const { plan: known, view: now } = here.current;
      const { status, q, node } = now;
      const all = listedNow({ store, plan: known }, { status, q, node });
      const failed = all.filter((id) => ['failed', 'timed_out'].includes(store.step(id)?.status ?? ''));
      const at = now.step === undefined ? -1 : all.indexOf(now.step);
      const beyond = failed.filter((id) => (by > 0 ? all.indexOf(id) > at : all.indexOf(id) < at));
      const next = by > 0 ? (beyond[0] ?? failed[0]) : (beyond.at(-1) ?? failed.at(-1));
      if (next !== undefined) show({ step: next, side: 'error' });
    };
    return [
      { keys: 'F', label: t('next_failure'), scope, run: () => isFocused() && failure(1) },
      { keys: 'Shift+F', label: t('previous_failure'), scope, run: () => isFocused() && failure(-1) },
      { keys: 'T', label: t('tab.timeline'), scope, run: () => isFocused() && show({ tab: 'timeline' }) },
      { keys: 'I', label: t('side.input'), scope, run: () => isFocused() && show({ side: 'input' }) },
      { keys: 'O', label: t('side.output'), scope, run: () => isFocused() && show({ side: 'output' }) },
    ];
  }, [t, store, show]);
  useKeys(shortcuts);
  return null;
}
