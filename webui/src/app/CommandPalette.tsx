import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../api/client';
import { usePalette } from '../stores/palette';
import styles from './CommandPalette.module.css';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface CommandPaletteProps {
  places: readonly { to: string; word: string }[];
  onClose: () => void;
}

/** Finds pages, workflows by name, an execution by its id, and nodes of the workflow that is open. */
export default function CommandPalette({ places, onClose }: CommandPaletteProps) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [text, setText] = useState('');
  const { nodes, open: openNode, commands } = usePalette();
  const asked = text.trim();
  const found = useQuery({
    queryKey: ['workflows', 'palette', asked],
    queryFn: ({ signal }) =>
      answered(client.GET('/api/v1/workflows', { params: { query: { search: asked, limit: 8 } }, signal })),
    enabled: asked.length > 1 && !ID.test(asked),
  });
  const go = (to: string): void => {
    onClose();
    void navigate({ to } as never);
  };
  return (
    <Command.Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      label={t('palette.title')}
      overlayClassName={styles.overlay}
      contentClassName={styles.palette}
    >
      <Command.Input value={text} onValueChange={setText} placeholder={t('palette.placeholder')} />
      <Command.List label={t('palette.found')}>
        <Command.Empty>{t('palette.empty')}</Command.Empty>
        {ID.test(asked) && (
          <Command.Group heading={t('palette.execution')}>
            <Command.Item value={asked} onSelect={() => go(`/executions/${asked}`)}>
              {asked}
            </Command.Item>
          </Command.Group>
        )}
        {commands.length > 0 && (
          <Command.Group heading={t('palette.commands')}>
            {commands.map(({ label, keys, run }) => (
              <Command.Item
                key={label}
                value={`command ${label}`}
                onSelect={() => {
                  onClose();
                  run();
                }}
              >
                {label} {keys && <kbd>{keys.replaceAll('+', ' ')}</kbd>}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {nodes.length > 0 && openNode && (
          <Command.Group heading={t('palette.nodes')}>
            {nodes.map(({ id, label }) => (
              <Command.Item
                key={id}
                value={`node ${id} ${label}`}
                onSelect={() => {
                  onClose();
                  openNode(id);
                }}
              >
                {label} <small>{id}</small>
              </Command.Item>
            ))}
          </Command.Group>
        )}
        {found.data && found.data.results.length > 0 && (
          <Command.Group heading={t('palette.workflows')}>
            {found.data.results.map((workflow) => (
              <Command.Item
                key={workflow.id}
                value={`${workflow.name} ${asked}`}
                onSelect={() => go(`/workflows/${workflow.id}`)}
              >
                {workflow.name}
              </Command.Item>
            ))}
          </Command.Group>
        )}
        <Command.Group heading={t('palette.pages')}>
          {places.map(({ to, word }) => (
            <Command.Item key={to} value={t(word as never)} onSelect={() => go(to)}>
              {t(word as never)}
            </Command.Item>
          ))}
        </Command.Group>
      </Command.List>
    </Command.Dialog>
  );
}
