import { createContext, useContext, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { criticalPath } from '../../../execution/critical';
import { labelOf } from '../../../execution/plan';
import type { Step } from '../../../execution/model';
import { isFinal, LOOKS, statusOf } from '../../../execution/status';
import {
  activeSpans,
  placeOf,
  scaleOf,
  segmentsOf,
  sums,
  ticksOf,
  type Kind,
  type Scale,
  type Segment,
} from '../../../execution/timeline';
import { wordsOf } from '../../../i18n';
import { clock, duration } from '../../../i18n/format';
import { useStepEvents } from '../../../stores/JournalStore';
import type { Overall } from '../../../stores/ExecutionStore';
import { EmptyState } from '../../../ui/states';
import { useExecution, useNow, useThrottled } from './context';
import { Place } from './Place';
import { Rest } from './Rest';
import { StepGrid } from './StepGrid';
import { useListed } from './StepTable';
import styles from './Timeline.module.css';

const APART = 0.12;
const REDRAW_MS = 500;
const ALL = 100_000;
const KINDS: Kind[] = ['queue', 'run', 'inside', 'wait', 'retry', 'held'];

interface Drawing {
  scale: Scale;
  critical: ReadonlySet<string> | null;
  now: number;
}

const Drawn = createContext<Drawing | null>(null);

/** When each step waited, ran and was tried again, on one scale. */
export function Timeline({ overall }: { overall: Overall }) {
  const { t } = useTranslation('execution');
  const { journal, view, show } = useExecution();
  const ids = useListed();
  const [marked, setMarked] = useState(true);
  useEffect(() => journal.want(ALL), [journal]);
  const drawing = useDrawing(overall, marked);
  if (ids.length === 0) return <EmptyState title={t(view.status || view.q ? 'none_pass' : 'no_steps')} />;
  return (
    <section className={styles.section} aria-label={t('tab.timeline')}>
      <Rest truncated={overall.truncated} />
      <div className={styles.bar}>
        <label>
          <input
            type="checkbox"
            checked={!view.idle}
            onChange={(event) => show({ idle: event.target.checked ? undefined : true })}
          />
          {t('collapse_idle')}
        </label>
        <label>
          <input type="checkbox" checked={marked} onChange={(event) => setMarked(event.target.checked)} />
          {t('critical_path')}
        </label>
        <ul className={styles.legend} aria-label={t('legend')}>
          {KINDS.map((kind) => (
            <li key={kind}>
              <span className={styles.swatch} data-kind={kind} aria-hidden />
              {t(`kind.${kind}`)}
            </li>
          ))}
        </ul>
      </div>
      <Drawn value={drawing}>
        <StepGrid
          ids={ids}
          label={t('tab.timeline')}
          head={<Head scale={drawing.scale} />}
          Cells={Cells}
          className={styles.timeline}
        />
      </Drawn>
    </section>
  );
}

/** The scale over all steps, worked out anew twice a second at most. */
function useDrawing(overall: Overall, marked: boolean): Drawing {
  const { store, journal, plan, view } = useExecution();
  const { execution } = overall;
  const live = !isFinal(statusOf(execution.status));
  const now = useNow(live);
  const version = useThrottled(store, journal, REDRAW_MS);
  const collapse = !view.idle;
  return useMemo(() => {
    const steps = store
      .stepIds()
      .map((id) => store.step(id))
      .filter((step) => step !== undefined);
    const end = execution.finished_at ? Date.parse(execution.finished_at) : now;
    const segments = steps.flatMap((step) => segmentsOf(step, journal.of(step.id)));
    const scale = scaleOf(activeSpans(segments, end), Date.parse(execution.created_at), end, collapse);
    const critical = marked ? criticalPath(steps, plan, end) : null;
    return { scale, critical, now: end };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `version` stands for what the stores hold
  }, [store, journal, plan, execution, now, collapse, marked, version]);
}

function Head({ scale }: { scale: Scale }) {
  const { t } = useTranslation('execution');
  const { each, ticks } = useMemo(() => ticksOf(scale, APART), [scale]);
  const digits = Math.max(0, Math.ceil(3 - Math.log10(each)));
  return (
    <>
      <span role="columnheader" data-column="step">
        {t('step')}
      </span>
      <span role="columnheader" className={styles.axis} aria-label={t('time')}>
        {ticks.map((at) => (
          <span key={at} className={styles.tick} style={{ insetInlineStart: percent(placeOf(scale, at)) }}>
            {at === scale.from ? '0' : duration((at - scale.from) / 1000, digits)}
          </span>
        ))}
        {scale.pieces
          .filter(({ idle }) => idle)
          .map((piece) => (
            <span
              key={piece.from}
              className={styles.gap}
              title={t('idle', { time: duration((piece.to - piece.from) / 1000) })}
              style={{ insetInlineStart: percent(piece.left), inlineSize: percent(piece.right - piece.left) }}
            />
          ))}
      </span>
    </>
  );
}

function percent(part: number): string {
  return `${(part * 100).toFixed(3)}%`;
}

function Cells({ step }: { step: Step }) {
  const t = wordsOf('execution');
  const { plan, journal } = useExecution();
  const drawing = useContext(Drawn);
  const events = useStepEvents(journal, step.id);
  if (!drawing) return null;
  const segments = segmentsOf(step, events);
  const status = statusOf(step.status);
  const critical = drawing.critical?.has(step.id) ?? false;
  return (
    <>
      <span role="rowheader" data-column="step" className={styles.name}>
        <span aria-hidden className={styles.glyph} data-hue={LOOKS[status].hue}>
          {LOOKS[status].glyph}
        </span>
        <span className={styles.label}>
          <span>{labelOf(plan, step.node_id)}</span> <Place path={step.path} run={step.run} short />
        </span>
      </span>
      <span
        role="gridcell"
        className={styles.track}
        aria-label={[
          t(`status.${status}`, { ns: 'common' }),
          spoken(segments, drawing.now, t),
          critical && t('on_critical_path'),
        ]
          .filter(Boolean)
          .join(', ')}
      >
        {drawing.scale.pieces
          .filter(({ idle }) => idle)
          .map((piece) => (
            <span
              key={piece.from}
              className={styles.fold}
              style={{ insetInlineStart: percent(piece.left), inlineSize: percent(piece.right - piece.left) }}
            />
          ))}
        {critical && <Underline segments={segments} drawing={drawing} />}
        {segments.map((segment, at) => (
          <Bar
            key={at}
            segment={segment}
            drawing={drawing}
            hue={['run', 'inside'].includes(segment.kind) ? outcome(segments, at, status) : undefined}
          />
        ))}
      </span>
    </>
  );
}

/** The step lies on the critical path: a line below all it did. */
function Underline({ segments, drawing }: { segments: readonly Segment[]; drawing: Drawing }) {
  const from = segments[0]?.from;
  if (from === undefined) return null;
  const left = placeOf(drawing.scale, from);
  const right = placeOf(drawing.scale, segments.at(-1)?.to ?? drawing.now);
  return (
    <span
      className={styles.critical}
      data-shape
      style={{ insetInlineStart: percent(left), inlineSize: percent(right - left) }}
    />
  );
}

/** How a run ended: the last one as the step; one before a pause failed. */
function outcome(segments: readonly Segment[], at: number, status: ReturnType<typeof statusOf>): string {
  const next = segments.slice(at + 1).find(({ kind }) => kind === 'run' || kind === 'retry');
  if (next?.kind === 'retry') return 'failed';
  return segments.slice(at + 1).some(({ kind }) => kind === 'run') ? 'succeeded' : LOOKS[status].hue;
}

function Bar({ segment, drawing, hue }: { segment: Segment; drawing: Drawing; hue: string | undefined }) {
  const t = wordsOf('execution');
  const { kind, from, to, attempt } = segment;
  const end = to ?? drawing.now;
  const left = placeOf(drawing.scale, from);
  const right = placeOf(drawing.scale, end);
  const words = `${t(`kind.${kind}`)} · ${duration(Math.max(0, end - from) / 1000)} · ${clock(from)}${
    attempt > 1 ? ` · ${t('attempt_number', { number: attempt })}` : ''
  }`;
  return (
    <span
      className={styles.bar_of}
      data-shape
      data-kind={kind}
      data-hue={hue}
      data-open={to === null || undefined}
      title={words}
      style={{ insetInlineStart: percent(left), inlineSize: percent(Math.max(0, right - left)) }}
    />
  );
}

/** A row in words: `queued 80 ms, ran 3.2 s`. */
function spoken(segments: readonly Segment[], now: number, t: (key: string) => string): string {
  const spent = sums(segments, now);
  return KINDS.filter((kind) => spent[kind] !== undefined)
    .map((kind) => `${t(`kind.${kind}`)} ${duration((spent[kind] ?? 0) / 1000)}`)
    .join(', ');
}
