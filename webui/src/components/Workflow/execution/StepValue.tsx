import { useInfiniteQuery } from '@tanstack/react-query';
import { Copy } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../../api/client';
import { holding, saying } from '../../../execution/values';
import { count } from '../../../i18n/format';
import { Button, IconButton } from '../../../ui/Button';
import { copyText } from '../../../ui/clipboard';
import { TextInput } from '../../../ui/Field';
import { answer } from '../../../ui/LiveRegion';
import { Failure, Skeleton } from '../../../ui/states';
import { say } from '../../../ui/Toasts';
import { JsonLooking, JsonTree, type Looking } from './JsonTree';
import styles from './Inspector.module.css';

const PART = 50;
const CHARACTERS = 4_000;
const BYTES = 64 * 1024;
/** One element that is larger by itself is asked for again. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A value that is here in whole. `root` is how expressions call it. */
export function WholeValue({ value, root = '' }: { value: unknown; root?: string }) {
  return (
    <div className={styles.value}>
      <Shown value={value} root={root} whole />
    </div>
  );
}

/** A value as a tree in which one can look for words and take places along, or as it is. */
function Shown({ value, root, whole = false }: { value: unknown; root: string; whole?: boolean }) {
  const { t } = useTranslation('execution');
  const [words, setWords] = useState('');
  const [raw, setRaw] = useState(false);
  const looking = useMemo<Looking>(
    () => ({
      words,
      holds: holding(words),
      says: saying(words),
      copyPlace: (place) => void copy(place, t),
    }),
    [words, t],
  );
  const text = (): string => JSON.stringify(value, null, 2);
  const has = typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  return (
    <>
      <div className={styles.tools}>
        {has && !raw && (
          <TextInput
            type="search"
            aria-label={t('search_value')}
            placeholder={t('search_value')}
            value={words}
            onChange={({ target }) => setWords(target.value)}
          />
        )}
        {has && (
          <Button kind="quiet" aria-pressed={raw} onClick={() => setRaw(!raw)}>
            {t('raw')}
          </Button>
        )}
        {whole && (
          <IconButton
            label={t('copy')}
            icon={<Copy size={14} aria-hidden />}
            onClick={() => void copy(text(), t)}
          />
        )}
      </div>
      {raw && has ? (
        <pre className={styles.raw} tabIndex={0} aria-label={t('raw')}>
          {text()}
        </pre>
      ) : words !== '' && !looking.holds(value) ? (
        <p role="status">{t('nothing_holds')}</p>
      ) : (
        <JsonLooking value={looking}>
          {/* What is looked for opens what holds it. */}
          <JsonTree key={words} value={value} place={root} />
        </JsonLooking>
      )}
    </>
  );
}

async function copy(text: string, t: (word: string) => string): Promise<void> {
  if (await copyText(text)) answer(t('copied'));
  else say(t('copy_failed'), { kind: 'error' });
}

interface Part {
  executionId: string;
  stepId: string;
  side: 'input' | 'output';
  rev: number;
  root: string;
}

/** A value too large for one answer: read part by part. */
export function PartialValue({ executionId, stepId, side, rev, root }: Part) {
  const { t } = useTranslation('execution');
  const parts = useInfiniteQuery({
    queryKey: ['execution', executionId, 'value', stepId, side, rev],
    queryFn: ({ pageParam, signal }) => read(executionId, stepId, side, pageParam, signal),
    initialPageParam: 0,
    getNextPageParam: (last) => last.next_offset,
  });
  if (parts.isPending) return <Skeleton rows={4} />;
  if (parts.isError) {
    return (
      <Failure title={t('value_failed')} detail={parts.error.message} retry={() => void parts.refetch()} />
    );
  }
  const pages = parts.data.pages;
  const [first] = pages;
  const size = first?.size ?? 0;
  const last = pages.at(-1);
  const reached = last?.next_offset ?? size;
  const whole = joined(pages);
  return (
    <div className={styles.value}>
      {reached < size && (
        <p className={styles.hint}>{t('part', { shown: count(reached), size: count(size) })}</p>
      )}
      {whole === undefined ? <p>{t('too_large')}</p> : <Shown value={whole} root={root} />}
      {parts.hasNextPage && (
        <Button busy={parts.isFetchingNextPage} onClick={() => void parts.fetchNextPage()}>
          {t('show_next')}
        </Button>
      )}
    </div>
  );
}

async function read(
  executionId: string,
  stepId: string,
  side: 'input' | 'output',
  offset: number,
  signal: AbortSignal,
): Promise<Schemas['ValueSlice']> {
  const ask = (limit: number, bytes: number) =>
    answered(
      client.GET('/api/v1/workflows/executions/{execution_id}/steps/{step_id}/value', {
        params: {
          path: { execution_id: executionId, step_id: stepId },
          query: { side, offset, limit, max_bytes: bytes },
        },
        signal,
      }),
    );
  const part = await ask(PART, BYTES);
  if (part.value === null && part.truncated) return ask(1, MOST_BYTES);
  if (part.type !== 'string') return part;
  return ask(CHARACTERS, BYTES);
}

/** The parts as one value; undefined when not even one element could be sent. */
export function joined(parts: readonly Schemas['ValueSlice'][]): unknown {
  const values = parts.map(({ value }) => value).filter((value) => value !== null);
  const kind = parts[0]?.type;
  if (values.length === 0) return undefined;
  if (kind === 'string') return values.join('');
  if (kind === 'array') return values.flat(1);
  if (kind === 'object') return Object.assign({}, ...(values as object[]));
  return values[0];
}
