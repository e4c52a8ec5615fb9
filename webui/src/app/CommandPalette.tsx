import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../api/client';
import { usePalette, type Node } from '../stores/palette';
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
  const near = useMemo(() => nearest(nodes, asked), [nodes, asked]);
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
        {near.length > 0 && openNode && (
          <Command.Group heading={t('palette.nodes')}>
            {near.map(({ id, label }) => (
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

/** So many nodes are offered at once; who wants another types more of its name. */
const MOST = 50;

/** Those all the words are found in, the ones called so first; among few, what is typed may be less exact. */
function nearest(nodes: readonly Node[], asked: string): readonly Node[] {
  if (nodes.length <= MOST) return nodes;
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const found = nodes.filter(({ id, label }) => {
    const text = `node ${id} ${label}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const isNamed = ({ id, label }: Node): boolean =>
    words.includes(id.toLowerCase()) || words.includes(label.toLowerCase());
  return [...found.filter(isNamed), ...found.filter((node) => !isNamed(node))].slice(0, MOST);
}
