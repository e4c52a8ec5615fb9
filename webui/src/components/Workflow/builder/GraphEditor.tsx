import { Ellipsis } from 'lucide-react';
import { useEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { nodeOf, type EdgeKey } from '../../../document/model';
import { useKeys } from '../../../keyboard/keys';
import type { Carried, Ends, GraphEditing, Landing } from '../../../surface/editing';
import { LazyGraph } from '../../../surface/LazyGraph';
import type { GraphStatuses } from '../../../surface/statuses';
import { IconButton } from '../../../ui/Button';
import { answer } from '../../../ui/LiveRegion';
import { Menu } from '../../../ui/Menu';
import { say } from '../../../ui/Toasts';
import { useBuilder } from './context';
import { connecting, placedOf } from './deeds';
import { arriving, moving, whyNotThere, type Place } from './landing';
import { fromOf, portsOf } from './nodeTypes';
import { deedKeyed, useNodeDeeds } from './useNodeDeeds';
import { marksOf } from './validation';

export interface GraphEditorProps {
  /** How the last execution of it stands. */
  statuses: GraphStatuses;
  onInspect: () => void;
}

/** The graph of the draft, drawn on: every deed is an operation of the document. */
export function GraphEditor({ statuses, onInspect }: GraphEditorProps) {
  const { t } = useTranslation('builder');
  const { draft, types, judged, selected, called, chosen, choose, act, ask, carrier } = useBuilder();
  const deedsOf = useNodeDeeds();
  const marks = useMemo(() => marksOf(judged), [judged]);
  const carriedOf = (what: Carried) => ('ids' in what ? what.ids : types.get(what.kind));
  const tidy = useTidy();
  const editing: GraphEditing = {
    chosen,
    marks,
    choose,
    portsOf: (id) => {
      const node = nodeOf(draft, id);
      return node ? portsOf(types, node) : [];
    },
    whyNot: ({ id, port }) => {
      const why = connecting(draft, types, id, port);
      return (to) => {
        const reason = why(to);
        return reason === null ? null : t(`whyNot.${reason}`, { id, to });
      };
    },
    connect: ({ id, port }, to) =>
      act([{ op: 'connect', edge: { from: fromOf(id, port), to } }], t('told.connected', { id, to })),
    refuse: (why) => say(why),
    addAfter: ({ id, port }) => ask({ what: 'add', where: { at: 'after', id, port } }),
    add: () => ask({ what: 'add', where: { at: 'end' } }),
    insert: (line) => ask({ what: 'add', where: { at: 'edge', key: keyOf(line) } }),
    disconnect: (line) => {
      const key = keyOf(line);
      act([{ op: 'disconnect', keys: [key] }], t('told.disconnected', { from: key.from, to: key.to }));
    },
    carrier,
    whyNotLand: (what, landing) => {
      const carried = carriedOf(what);
      const reason = carried && whyNotThere(draft, types, carried, placeOf(landing));
      return reason ? t(`why.${reason}`) : null;
    },
    land: (what, landing) => {
      const carried = carriedOf(what);
      const place = placeOf(landing);
      if (!carried) return;
      if ('name' in carried) {
        const { id, operations } = arriving(draft, types, carried, place);
        act(operations, t('told.added', { title: carried.title, id }), id);
      } else if (place.at !== 'node') {
        const id = carried.length === 1 ? carried[0] : t('several', { count: carried.length });
        act(moving(draft, types, carried, place), t('told.carried', { id }), carried);
      }
    },
    place: (positions) => {
      const ids = Object.keys(positions);
      act([{ op: 'move', positions }], t('told.placed', { count: ids.length, id: ids[0] }));
    },
    tidy,
    menuOf: (id, onClose) => (
      <Menu
        label={t('menu', { id })}
        onClose={onClose}
        trigger={
          <IconButton label={t('menu', { id })} tabIndex={-1} icon={<Ellipsis size={14} aria-hidden />} />
        }
        items={() =>
          deedsOf(id).map(({ label, keys, why, danger, run }) => ({
            label,
            ...(keys ? { keys } : {}),
            ...(danger ? { danger } : {}),
            why,
            onSelect: run,
          }))
        }
      />
    ),
    onKey: (event, id) => {
      const deed = deedKeyed(event, deedsOf(id));
      if (deed?.why) answer(deed.why);
      else deed?.run();
      return deed !== undefined;
    },
  };
  return (
    <LazyGraph
      definition={draft.definition}
      editor={draft.editor}
      statuses={statuses}
      selected={selected}
      called={called}
      onOpen={onInspect}
      editing={editing}
    />
  );
}

/** All or what is chosen goes where the layout puts it; its keys and those that move by hand hold on the whole page. */
function useTidy(): GraphEditing['tidy'] {
  const { t } = useTranslation('builder');
  const { draft, chosen, act, carrier } = useBuilder();
  const placed = placedOf(draft, chosen.length > 0 ? chosen : null);
  const none = chosen.length > 0 ? t('why.none_placed', { count: chosen.length }) : t('why.nothing_placed');
  const tidy = {
    why: placed.length > 0 ? null : none,
    run: () =>
      act([{ op: 'unplace', ids: placed }], t('told.unplaced', { count: placed.length, id: placed[0] })),
  };
  const latest = useRef({ tidy, chosen });
  useEffect(() => {
    latest.current = { tidy, chosen };
  });
  useKeys(
    useMemo(() => {
      const scope = t('scope');
      const again = (): void => {
        const { why, run } = latest.current.tidy;
        if (why) answer(why);
        else run();
      };
      const move = (): void => {
        if (latest.current.chosen.length > 0) carrier.place(latest.current.chosen);
        else answer(t('why.none_chosen'));
      };
      return [
        { keys: 'M', label: t('place_keys'), scope, run: move },
        { keys: 'Shift+T', label: t('tidy_keys'), scope, run: again },
      ];
    }, [t, carrier]),
  );
  return tidy;
}

function placeOf(landing: Landing): Place {
  return landing.at === 'line' ? { at: 'edge', key: keyOf(landing.ends) } : landing;
}

/** Lines with the same ends lie on one another: the first is meant. */
function keyOf({ from, port, to }: Ends): EdgeKey {
  return { from: port === '' ? from : `${from}.${port}`, to, n: 0 };
}
