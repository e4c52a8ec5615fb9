import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../api/client';
import { Button } from '../../ui/Button';
import { Failure, Skeleton } from '../../ui/states';
import { ImportPart } from './ImportPart';
import styles from './NewWorkflowDialog.module.css';

type Template = Schemas['Template'];

/** Whole workflows to begin with; the one that is chosen is shown and imported. */
export function TemplatesPart({
  onMade,
}: {
  onMade: (made: Pick<Schemas['Workflow'], 'id'>) => Promise<void>;
}) {
  const { t } = useTranslation('workflows');
  const [chosen, setChosen] = useState<Template | null>(null);
  const { data, error, refetch } = useQuery({
    queryKey: ['templates'],
    queryFn: ({ signal }) => answered(client.GET('/api/v1/workflows/templates', { signal })),
    staleTime: Infinity,
  });
  if (error) {
    return <Failure title={t('make.templates_failed')} detail={error.message} retry={() => void refetch()} />;
  }
  if (!data) return <Skeleton rows={4} />;
  if (chosen) {
    return (
      <>
        <Button kind="quiet" className={styles.back ?? ''} onClick={() => setChosen(null)}>
          {t('make.other_template')}
        </Button>
        <ImportPart text={chosen.source} onMade={onMade} />
      </>
    );
  }
  return (
    <ul className={styles.templates} aria-label={t('make.templates')}>
      {data.results.map((template) => (
        <li key={template.name}>
          <button type="button" onClick={() => setChosen(template)}>
            <strong>{template.name}</strong>
            <span>{template.description}</span>
            <span className={styles.quiet}>{t('make.outline', { count: template.outline.nodes })}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
