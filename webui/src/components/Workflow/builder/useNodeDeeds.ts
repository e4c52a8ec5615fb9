/** The deeds on one node, for keys and menus alike; each says why it is impossible where it is. */
import { useTranslation } from 'react-i18next';
import { copied, duplicated } from '../../../document/clipboard';
import { edgesOf, endOf, nodeOf, nodesOf, parentOf } from '../../../document/model';
import { answer } from '../../../ui/LiveRegion';
import { say } from '../../../ui/Toasts';
import { useBuilder } from './context';
import { containersFor, mainPort, outOf, targetsOf } from './deeds';
import { portsOf, typeOf } from './nodeTypes';

export interface Deed {
  name: string;
  label: string;
  keys?: string;
  why?: string | undefined;
  danger?: boolean;
  run: () => void;
}

export function useNodeDeeds(): (id: string) => Deed[] {
  const { t } = useTranslation('builder');
  const { draft, types, act, ask, select } = useBuilder();
  return (id) => {
    const node = nodeOf(draft, id);
    if (!node) return [];
    const type = typeOf(types, node);
    const port = mainPort(types, node);
    const parent = parentOf(node);
    const connected = edgesOf(draft).some(({ from, to }) => to === id || endOf(from).node === id);
    const none = portsOf(types, node).length === 0;
    const noTarget = !portsOf(types, node).some((each) => targetsOf(draft, types, id, each).length > 0);
    return [
      {
        name: 'after',
        label: t('do.after'),
        keys: 'A',
        why: port === undefined ? t('why.no_port') : undefined,
        run: () => ask({ what: 'add', where: { at: 'after', id, port: port as string } }),
      },
      {
        name: 'inside',
        label: t('do.inside'),
        keys: 'I',
        why: type?.container ? undefined : t('why.no_container'),
        run: () => ask({ what: 'add', where: { at: 'inside', id } }),
      },
      {
        name: 'connect',
        label: t('do.connect'),
        keys: 'C',
        why: none ? t('why.no_port') : noTarget ? t('why.no_target') : undefined,
        run: () => ask({ what: 'connect', id }),
      },
      {
        name: 'disconnect',
        label: t('do.disconnect'),
        keys: 'X',
        why: connected ? undefined : t('why.no_edge'),
        run: () => ask({ what: 'disconnect', id }),
      },
      {
        name: 'move',
        label: t('do.move'),
        keys: 'M',
        why: containersFor(draft, types, id).length > 0 ? undefined : t('why.no_other_container'),
        run: () => ask({ what: 'move', id }),
      },
      {
        name: 'out',
        label: t('do.out'),
        keys: 'O',
        why: parent === null ? t('why.in_none') : undefined,
        run: () => act(outOf(draft, id), t('told.out', { id, parent }), id),
      },
      { name: 'rename', label: t('do.rename'), keys: 'F2', run: () => ask({ what: 'rename', id }) },
      {
        name: 'duplicate',
        label: t('do.duplicate'),
        keys: 'Ctrl+D',
        run: () => {
          const operation = duplicated(draft, [id]);
          act([operation], t('told.duplicated', { id }), operation.nodes[0]?.id ?? id);
        },
      },
      {
        name: 'copy',
        label: t('do.copy'),
        keys: 'Ctrl+C',
        run: () =>
          void navigator.clipboard.writeText(copied(draft, [id])).then(
            () => answer(t('told.copied', { id })),
            () => say(t('copy_failed'), { kind: 'error' }),
          ),
      },
      {
        name: 'paste',
        label: type?.container ? t('do.paste_inside') : t('do.paste'),
        run: () => ask({ what: 'paste', into: type?.container ? id : parent }),
      },
      {
        name: 'delete',
        label: t('do.delete'),
        keys: 'Delete',
        danger: true,
        run: () => {
          act([{ op: 'remove', ids: [id] }], t('told.deleted', { id }), nextOf());
        },
      },
    ];

    /** What is selected when it is gone: its neighbour, else its container. */
    function nextOf(): string | null {
      const level = nodesOf(draft).filter((each) => parentOf(each) === parent);
      const at = level.findIndex((each) => each.id === id);
      const next = (level[at + 1] ?? level[at - 1])?.id ?? parent;
      if (next === null) select(null);
      return next;
    }
  };
}
