import { ChevronLeft, ChevronRight } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { IconButton } from '../../ui/Button';
import { Select } from '../../ui/Field';
import type { Answer, Evaluation, Segment } from './context';
import styles from './expression.module.css';
import type { Preview } from './usePreview';

const LONGEST = 400;

function shown({ value, type }: Answer): string {
  const text = JSON.stringify(value, null, type === 'object' || type === 'array' ? 1 : undefined) ?? '';
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

export interface PreviewLineProps {
  id: string;
  preview: Preview;
  evaluation: Evaluation;
  /** The value does not fit the field: why. */
  unfit?: string | undefined;
}

/** Under an expression: what it gives, of which type, with which values. */
export function PreviewLine({ id, preview, evaluation, unfit }: PreviewLineProps) {
  const { t } = useTranslation('forms');
  const { state, answer, good, reason } = preview;
  const error = state === 'answered' ? answer?.error : null;
  const current = state === 'answered' && answer?.ok ? answer : null;
  const value = current ?? good;
  const from = (answer ?? good)?.from ?? null;
  const path = from !== null && from !== 'sample' ? from.path : [];
  return (
    <div className={styles.preview} data-state={error ? 'fault' : state}>
      <div id={id} role="status" aria-label={t('preview.label')}>
        {state === 'none' && <p className={styles.quiet}>{t('preview.none')}</p>}
        {error && (
          <p className={styles.fault}>
            <span aria-hidden>✕ </span>
            {t('preview.at', { place: error.offset + 1 })} {error.message} {error.cure}
          </p>
        )}
        {state === 'unsaved' && <p className={styles.quiet}>{t('preview.unsaved')}</p>}
        {state === 'busy' && <p className={styles.quiet}>{t('preview.busy')}</p>}
        {state === 'failed' && <p className={styles.quiet}>{reason}</p>}
        {state === 'asking' && !value && <p className={styles.quiet}>{t('preview.asking')}</p>}
        {state !== 'none' && state !== 'failed' && value && (
          <p className={styles.value} data-old={current ? undefined : true}>
            <code>{shown(value)}</code>
            <small>
              {t(`preview.type.${value.type ?? 'null'}`)}
              {value.truncated && `, ${t('preview.truncated')}`}
              {!current && `, ${t('preview.old')}`}
            </small>
          </p>
        )}
        {current && unfit && (
          <p className={styles.unfit}>
            <span aria-hidden>△ </span>
            {unfit}
          </p>
        )}
      </div>
      {state !== 'none' && (
        <div className={styles.from}>
          <Select
            aria-label={t('preview.from')}
            value={evaluation.source}
            onChange={(event) => evaluation.choose(event.target.value)}
          >
            {evaluation.sources.map((source) => (
              <option key={source.id} value={source.id}>
                {source.words}
              </option>
            ))}
          </Select>
          {path.length > 0 && <Passage path={path} onPass={evaluation.pass} />}
        </div>
      )}
    </div>
  );
}

/** Which passage of the innermost loop. */
function Passage({ path, onPass }: { path: readonly Segment[]; onPass: Evaluation['pass'] }) {
  const { t } = useTranslation('forms');
  const last = path.at(-1) as Segment;
  const to = (iteration: number) => (): void => onPass([...path.slice(0, -1), { ...last, iteration }]);
  return (
    <span className={styles.passage}>
      <IconButton
        label={t('preview.earlier')}
        icon={<ChevronLeft size={14} aria-hidden />}
        why={last.iteration === 0 ? t('preview.first') : undefined}
        onClick={to(last.iteration - 1)}
      />
      <span>{t('preview.passage', { region: last.region, at: last.iteration + 1 })}</span>
      <IconButton
        label={t('preview.later')}
        icon={<ChevronRight size={14} aria-hidden />}
        onClick={to(last.iteration + 1)}
      />
    </span>
  );
}
