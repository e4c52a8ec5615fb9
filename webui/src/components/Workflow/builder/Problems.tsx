import { useTranslation } from 'react-i18next';
import { Button } from '../../../ui/Button';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { fixing } from './deeds';
import { nodeOfProblem } from './validation';

/** What is wrong with the draft; each leads to its place, some are mended by a press. */
export function Problems() {
  const { t } = useTranslation('builder');
  const { draft, judged, act, goTo } = useBuilder();
  const { problems, definition, failed } = judged;
  const current = definition === draft.definition;
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return (
    <section className={styles.problems} aria-label={t('problems')}>
      <h2>
        {t('problems')}
        <small>
          {failed
            ? t('not_judged', { message: failed })
            : !current
              ? t('judging')
              : problems.length === 0
                ? t('no_problems')
                : t('counted', { errors, warnings: problems.length - errors })}
        </small>
      </h2>
      <ul>
        {problems.map((problem, at) => {
          const node = nodeOfProblem(problem, definition ?? {});
          const fix = problem.fix && current ? fixing(draft, problem.fix) : null;
          return (
            <li key={`${problem.code} ${problem.pointer} ${at}`} data-severity={problem.severity}>
              <span className={styles.mark} data-severity={problem.severity}>
                <span aria-hidden>{problem.severity === 'error' ? '✕' : '△'}</span>
                <span className="visually-hidden">{t(problem.severity)}</span>
              </span>
              <span className={styles.words}>
                <b>{node ?? t('workflow')}</b> {problem.message} {problem.cure}
              </span>
              {problem.fix && (
                <Button
                  why={fix ? undefined : t('why.judging')}
                  onClick={() => fix && act(fix, t('told.fixed', { message: problem.message }))}
                >
                  {t('fix')}
                </Button>
              )}
              <Button kind="quiet" onClick={() => goTo(problem)}>
                {t('go_to')}
              </Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
