import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client, type Schemas } from '../../api/client';
import { useWorkspace } from '../../stores/workspace';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Field, TextInput } from '../../ui/Field';
import { Bar, Chip } from '../../ui/Page';
import { ImportPart } from './ImportPart';
import { TemplatesPart } from './TemplatesPart';
import styles from './NewWorkflowDialog.module.css';

const WAYS = ['template', 'blank', 'import'] as const;
type Way = (typeof WAYS)[number];

/** A new workflow: from a template, an empty one, or a document that was pasted, dropped or chosen. */
export default function NewWorkflowDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation('workflows');
  const [way, setWay] = useState<Way>('template');
  const queries = useQueryClient();
  const navigate = useNavigate();
  const opened = async ({ id }: Pick<Schemas['Workflow'], 'id'>): Promise<void> => {
    onClose();
    await queries.invalidateQueries({ queryKey: ['workflows'] });
    void navigate({ to: '/workflows/$workflowId', params: { workflowId: id } });
  };
  return (
    <Dialog open onClose={onClose} title={t('make.title')} wide>
      <Bar label={t('make.ways')}>
        {WAYS.map((one) => (
          <Chip key={one} pressed={way === one} onPress={() => setWay(one)}>
            {t(`make.${one}`)}
          </Chip>
        ))}
      </Bar>
      {way === 'blank' && <Blank onMade={opened} />}
      {way === 'template' && <TemplatesPart onMade={opened} />}
      {way === 'import' && <ImportPart onMade={opened} />}
    </Dialog>
  );
}

function Blank({ onMade }: { onMade: (made: Schemas['Workflow']) => Promise<void> }) {
  const { t } = useTranslation('workflows');
  const workspace = useWorkspace();
  const [name, setName] = useState('');
  const make = useMutation({
    mutationFn: () =>
      answered(
        client.POST('/api/v1/workflows', {
          params: { query: workspace ? { workspace: workspace.slug } : {} },
          body: { name: name.trim() } as never,
        }),
      ),
    onSuccess: onMade,
    onError: () => undefined, // shown at the field
  });
  return (
    <form
      className={styles.part}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() && !make.isPending) make.mutate();
      }}
    >
      <Field label={t('make.name')} help={t('make.name_help')} error={make.error?.message} required>
        {(described) => (
          <TextInput
            {...described}
            autoFocus
            autoComplete="off"
            spellCheck={false}
            value={name}
            onChange={(event) => {
              setName(event.target.value);
              make.reset();
            }}
          />
        )}
      </Field>
      <footer className={styles.actions}>
        <Button kind="primary" type="submit" busy={make.isPending} disabled={!name.trim()}>
          {t('make.create')}
        </Button>
      </footer>
    </form>
  );
}
