/** The deeds on what is chosen, for keys and menus alike; each says why it is impossible where it is. */
import type { KeyboardEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { copied, duplicated } from '../../../document/clipboard';
import { edgeKeys, edgesOf, endOf, nodeOf, nodesOf, parentOf, type NodeJson } from '../../../document/model';
import { nameOf } from '../../../keyboard/keys';
import { copyText } from '../../../ui/clipboard';
import { answer } from '../../../ui/LiveRegion';
import { say } from '../../../ui/Toasts';
import { useBuilder } from './context';
import { containersFor, mainPort, newNode, outOf, ordered, placedOf, targetsOf } from './deeds';
import { goesOn } from './landing';
import { namesOf, portsOf, typeOf, type NodeType } from './nodeTypes';

export interface Deed {
  name: string;
  label: string;
  keys?: string;
  why?: string | undefined;
  danger?: boolean;
  run: () => void;
}

const ALSO: Readonly<Record<string, string>> = { Backspace: 'Delete' };
/** The browser tells of these by events of their own. */
const TOLD: ReadonlySet<string> = new Set(['Ctrl+C', 'Ctrl+X', 'Ctrl+V']);

/** The deed a key press means. */
export function deedKeyed(event: KeyboardEvent, deeds: readonly Deed[]): Deed | undefined {
  const name = nameOf(event.nativeEvent).replace('ArrowUp', '↑').replace('ArrowDown', '↓');
  if (TOLD.has(name)) return undefined;
  return deeds.find(({ keys }) => keys === (ALSO[name] ?? name));
}

/** The deeds on a node; on all that is chosen, if it is one of several. */
export function useNodeDeeds(): (id: string) => Deed[] {
  const { t } = useTranslation('builder');
  const { draft, types, act, ask, select, chosen, carrier } = useBuilder();
  return (id) => {
    const node = nodeOf(draft, id);
    if (!node) return [];
    const ids = chosen.length > 1 && chosen.includes(id) ? chosen : [id];
    const parents = new Set(ids.map((each) => parentOf(nodeOf(draft, each) as NodeJson)));
    const level = parents.size === 1 ? undefined : t('why.several_levels');
    const words = ids.length === 1 ? id : t('several', { count: ids.length });
    return [...one(node, ids.length > 1 ? t('why.one_only') : undefined), ...some()];

    function one(it: NodeJson, several: string | undefined): Deed[] {
      const type = typeOf(types, it);
      const port = mainPort(types, it);
      const edges = edgesOf(draft).filter(({ from, to }) => to === id || endOf(from).node === id);
      const none = portsOf(types, it).length === 0;
      const noTarget = !portsOf(types, it).some((each) => targetsOf(draft, types, id, each).length > 0);
      return [
        {
          name: 'after',
          label: t('do.after'),
          keys: 'A',
          why: several ?? (port === undefined ? t('why.no_port') : undefined),
          run: () => ask({ what: 'add', where: { at: 'after', id, port: port as string } }),
        },
        {
          name: 'insert',
          label: t('do.insert'),
          keys: 'Shift+A',
          why: several ?? (edges.length > 0 ? undefined : t('why.no_edge')),
          run: () => {
            const [first, ...others] = edgeKeys(edgesOf(draft)).filter(
              ({ from, to }) => to === id || endOf(from).node === id,
            );
            if (first && others.length === 0) ask({ what: 'add', where: { at: 'edge', key: first } });
            else ask({ what: 'insert', id });
          },
        },
        {
          name: 'inside',
          label: t('do.inside'),
          keys: 'I',
          why: several ?? (type?.container ? undefined : t('why.no_container')),
          run: () => ask({ what: 'add', where: { at: 'inside', id } }),
        },
        {
          name: 'connect',
          label: t('do.connect'),
          keys: 'C',
          why: several ?? (none ? t('why.no_port') : noTarget ? t('why.no_target') : undefined),
          run: () => ask({ what: 'connect', id }),
        },
        {
          name: 'disconnect',
          label: t('do.disconnect'),
          keys: 'X',
          why: several ?? (edges.length > 0 ? undefined : t('why.no_edge')),
          run: () => ask({ what: 'disconnect', id }),
        },
        {
          name: 'onto',
          label: t('do.onto'),
          keys: 'Shift+M',
          why:
            several ??
            (!goesOn(type)
              ? t('why.no_way_on')
              : edges.length < edgesOf(draft).length
                ? undefined
                : t('why.no_other_edge')),
          run: () => ask({ what: 'onto', id }),
        },
        {
          name: 'rename',
          label: t('do.rename'),
          keys: 'F2',
          why: several,
          run: () => ask({ what: 'rename', id }),
        },
        {
          name: 'unwrap',
          label: t('do.unwrap'),
          keys: 'Shift+U',
          why: several ?? (type?.container ? undefined : t('why.no_container')),
          run: () => {
            const inside = nodesOf(draft).filter((each) => parentOf(each) === id);
            act(
              [{ op: 'unwrap', id }],
              t('told.unwrapped', { id }),
              inside.map((each) => each.id),
            );
          },
        },
      ];
    }

    function some(): Deed[] {
      const [parent] = parents;
      return [
        { name: 'place', label: t('do.place'), keys: 'M', run: () => carrier.place(ids) },
        {
          name: 'unplace',
          label: t('do.unplace'),
          keys: 'Shift+T',
          why: placedOf(draft, ids).length > 0 ? undefined : t('why.none_placed', { count: ids.length }),
          run: () => {
            const placed = placedOf(draft, ids);
            act(
              [{ op: 'unplace', ids: placed }],
              t('told.unplaced', { count: placed.length, id: placed[0] }),
            );
          },
        },
        {
          name: 'move',
          label: t('do.move'),
          keys: 'Shift+I',
          why: containersFor(draft, types, ids).length > 0 ? undefined : t('why.no_other_container'),
          run: () => ask({ what: 'move', ids }),
        },
        {
          name: 'out',
          label: t('do.out'),
          keys: 'O',
          why: level ?? (parent === null ? t('why.in_none') : undefined),
          run: () => act(outOf(draft, ids), t('told.out', { id: words, parent }), ids),
        },
        ...[...types.values()].filter((type) => type.container !== null).map(wrapping),
        ...(['earlier', 'later'] as const).map(ordering),
        {
          name: 'duplicate',
          label: t('do.duplicate'),
          keys: 'Ctrl+D',
          run: () => {
            const operation = duplicated(draft, ids);
            act([operation], t('told.duplicated', { id: words }), namesOf(operation.nodes));
          },
        },
        {
          name: 'copy',
          label: t('do.copy'),
          keys: 'Ctrl+C',
          run: () => copy(t('told.copied', { id: words })),
        },
        {
          name: 'cut',
          label: t('do.cut'),
          keys: 'Ctrl+X',
          run: () => copy(t('told.cut', { id: words }), remove),
        },
        {
          name: 'paste',
          label: typeOf(types, node as NodeJson)?.container ? t('do.paste_inside') : t('do.paste'),
          keys: 'Ctrl+V',
          run: () =>
            ask({
              what: 'paste',
              into: typeOf(types, node as NodeJson)?.container ? id : parentOf(node as NodeJson),
            }),
        },
        { name: 'delete', label: t('do.delete'), keys: 'Delete', danger: true, run: () => remove() },
      ];
    }

    function wrapping(type: NodeType): Deed {
      return {
        name: `wrap_${type.name}`,
        label: t('do.wrap', { type: type.title }),
        why: level,
        ...(type.name === 'foreach' ? { keys: 'W' } : { keys: 'Shift+W' }),
        run: () => {
          const container = newNode(draft, type, null);
          act(
            [{ op: 'wrap', ids, container }],
            t('told.wrapped', { id: words, to: container.id }),
            container.id,
          );
        },
      };
    }

    function ordering(way: 'earlier' | 'later'): Deed {
      const operations = ordered(draft, ids, way);
      return {
        name: way,
        label: t(`do.${way}`),
        keys: way === 'earlier' ? 'Alt+↑' : 'Alt+↓',
        why: level ?? (operations.length > 0 ? undefined : t(`why.no_${way}`)),
        run: () => act(operations, t(`told.${way}`, { id: words }), ids),
      };
    }

    function copy(told: string, then?: (told: string) => void): void {
      void copyText(copied(draft, ids)).then((done) => {
        if (!done) return say(t('copy_failed'), { kind: 'error' });
        return then ? then(told) : answer(told);
      });
    }

    function remove(told = t('told.deleted', { id: words })): void {
      act([{ op: 'remove', ids }], told, nextOf());
    }

    /** What is selected when it is gone: its neighbour, else its container. */
    function nextOf(): string | null {
      const [parent] = parents;
      const beside = nodesOf(draft).filter((each) => parentOf(each) === parent);
      const at = beside.findIndex((each) => each.id === id);
      const left = (each: NodeJson | undefined): boolean => each !== undefined && !ids.includes(each.id);
      const next =
        (beside.slice(at + 1).find(left) ?? beside.slice(0, at).findLast(left))?.id ?? parent ?? null;
      if (next === null) select(null);
      return next;
    }
  };
}
