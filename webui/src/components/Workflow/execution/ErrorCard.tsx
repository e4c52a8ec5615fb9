import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { causesOf, chainOf, type Causes as Found } from '../../../execution/filter';
import { labelOf } from '../../../execution/plan';
import { count } from '../../../i18n/format';
import { useDerived, useExecution } from './context';
import styles from './Inspector.module.css';
import { Place } from './Place';

/** An error with what caused it: the cause first, what followed from it below. */
export function ErrorCard({ error, handledBy }: { error: unknown; handledBy?: string | null }) {
  const { t } = useTranslation('execution');
  const { plan } = useExecution();
  const chain = chainOf(error);
  const root = chain.at(-1);
  if (!root) return null;
  return (
    <section className={styles.card} data-kind="error" aria-label={t('error')}>
      <h3>{t(chain.length > 1 ? 'root_cause' : 'error')}</h3>
      <p className={styles.message}>{root.message || root.class}</p>
      <p className={styles.hint}>
        <code>{root.class}</code>
        {root.node !== null && <> · {labelOf(plan, root.node)}</>}
      </p>
      {chain.length > 1 && (
        <>
          <h3>{t('therefore')}</h3>
          <ol className={styles.chain}>
            {chain
              .slice(0, -1)
              .reverse()
              .map((one, at) => (
                <li key={at}>
                  {one.node !== null && <strong>{labelOf(plan, one.node)}: </strong>}
                  {one.message || one.class}
                </li>
              ))}
          </ol>
        </>
      )}
      {handledBy && <p className={styles.hint}>{t('was_handled', { by: handledBy })}</p>}
    </section>
  );
}

function sameCauses(one: Found, other: Found): boolean {
  const digest = (found: Found): string =>
    JSON.stringify([
      found.containers,
      found.lost,
      found.handled,
      found.roots.map(({ steps }) => steps.length),
    ]);
  return digest(one) === digest(other);
}

const MOST = 6;

/** What failed first in the whole execution, alike failures together, and what that took with it. */
export function Causes({ error, failed }: { error: unknown; failed: boolean }) {
  const { t } = useTranslation('execution');
  const { store, plan, show } = useExecution();
  const derive = useMemo(
    () => () =>
      causesOf(
        store
          .stepIds()
          .map((id) => store.step(id))
          .filter((step) => step !== undefined),
        plan,
      ),
    [store, plan],
  );
  const causes = useDerived(store, derive, sameCauses);
  if (causes.roots.length === 0) return <ErrorCard error={error} />;
  const title = t(failed ? 'root_cause' : 'failures');
  return (
    <section className={styles.card} data-kind="error" aria-label={title}>
      <h3>{title}</h3>
      <ul className={styles.reasons}>
        {causes.roots.slice(0, MOST).map((cause) => (
          <li key={`${cause.node_id} ${cause.class}`}>
            <button
              type="button"
              className={styles.go}
              onClick={() => show({ step: cause.steps[0]?.id, side: 'error' })}
            >
              {labelOf(plan, cause.node_id)} <Place path={cause.steps[0]?.path ?? []} />
            </button>
            <p className={styles.message}>{cause.message || cause.class}</p>
            {cause.steps.length > 1 && (
              <button
                type="button"
                className={styles.go}
                onClick={() => show({ tab: 'table', node: cause.node_id, status: 'failed,timed_out' })}
              >
                {t('alike', { count: cause.steps.length, number: count(cause.steps.length) })}
              </button>
            )}
          </li>
        ))}
      </ul>
      <Followed causes={causes} />
    </section>
  );
}

function Followed({ causes }: { causes: Found }) {
  const { t } = useTranslation('execution');
  const { containers, lost, handled } = causes;
  const lines = [
    containers > 0 && t('cascade_containers', { count: containers, number: count(containers) }),
    lost > 0 && t('cascade_lost', { count: lost, number: count(lost) }),
    handled > 0 && t('cascade_handled', { count: handled, number: count(handled) }),
  ].filter((line) => line !== false);
  if (lines.length === 0) return null;
  return (
    <>
      <h3>{t('therefore')}</h3>
      <ul className={styles.chain}>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </>
  );
}
