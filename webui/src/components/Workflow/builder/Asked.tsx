import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { pasted } from '../../../document/clipboard';
import {
  edgeKeys,
  edgesOf,
  endOf,
  isId,
  keyText,
  nodeOf,
  nodesOf,
  withInside,
  type EdgeKey,
} from '../../../document/model';
import { Button } from '../../../ui/Button';
import { Dialog } from '../../../ui/Dialog';
import { Field, Select, TextArea, TextInput } from '../../../ui/Field';
import { useBuilder, type Asking } from './context';
import { containersFor, targetsOf } from './deeds';
import { moving } from './landing';
import { fromOf, namesOf, portsOf } from './nodeTypes';
import { Palette } from './Palette';

/** The dialog that is open: it asks what a deed needs to know. */
export function Asked({ asking, onClose }: { asking: Asking; onClose: () => void }) {
  switch (asking.what) {
    case 'add':
      return <Palette where={asking.where} onClose={onClose} />;
    case 'connect':
      return <Connect id={asking.id} onClose={onClose} />;
    case 'disconnect':
      return <Disconnect id={asking.id} onClose={onClose} />;
    case 'insert':
      return <Insert id={asking.id} onClose={onClose} />;
    case 'onto':
      return <Onto id={asking.id} onClose={onClose} />;
    case 'move':
      return <Move ids={asking.ids} onClose={onClose} />;
    case 'rename':
      return <Rename id={asking.id} onClose={onClose} />;
    case 'paste':
      return <Paste into={asking.into} onClose={onClose} />;
  }
}

interface One {
  id: string;
  onClose: () => void;
}

interface FormDialogProps {
  title: string;
  description?: string;
  go: string;
  why?: string | undefined;
  onGo: () => void;
  onClose: () => void;
  children: React.ReactNode;
}

function FormDialog({ title, description, go, why, onGo, onClose, children }: FormDialogProps) {
  const { t } = useTranslation();
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      {...(description ? { description } : {})}
      actions={
        <>
          <Button onClick={onClose}>{t('cancel')}</Button>
          <Button kind="primary" why={why} type="submit" form="asked">
            {go}
          </Button>
        </>
      }
    >
      <form
        id="asked"
        onKeyDown={(event) => {
          // As in any other field of a form.
          if (event.key !== 'Enter' || !(event.target instanceof HTMLSelectElement)) return;
          event.preventDefault();
          event.currentTarget.requestSubmit();
        }}
        onSubmit={(event) => {
          event.preventDefault();
          if (why) return;
          onClose();
          onGo();
        }}
      >
        {children}
      </form>
    </Dialog>
  );
}

function Connect({ id, onClose }: One) {
  const { t } = useTranslation('builder');
  const { draft, types, act } = useBuilder();
  const node = nodeOf(draft, id);
  const ports = node ? portsOf(types, node) : [];
  const [port, setPort] = useState(
    ports.find((each) => targetsOf(draft, types, id, each).length > 0) ?? ports[0] ?? 'out',
  );
  const targets = targetsOf(draft, types, id, port);
  const [chosen, setChosen] = useState('');
  const to = targets.some((each) => each.id === chosen) ? chosen : (targets[0]?.id ?? '');
  return (
    <FormDialog
      title={t('connect.title', { id })}
      description={t('connect.text')}
      go={t('do.connect_now')}
      why={to ? undefined : t('why.no_target')}
      onClose={onClose}
      onGo={() =>
        act([{ op: 'connect', edge: { from: fromOf(id, port), to } }], t('told.connected', { id, to }), id)
      }
    >
      {ports.length > 1 && (
        <Field label={t('port')}>
          {(described) => (
            <Select {...described} value={port} onChange={(event) => setPort(event.target.value)}>
              {ports.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </Select>
          )}
        </Field>
      )}
      <Field label={t('connect.to')}>
        {(described) => (
          <Select {...described} value={to} onChange={(event) => setChosen(event.target.value)}>
            {targets.map((each) => (
              <option key={each.id}>{each.id}</option>
            ))}
          </Select>
        )}
      </Field>
    </FormDialog>
  );
}

function Disconnect({ id, onClose }: One) {
  const { t } = useTranslation('builder');
  const { act } = useBuilder();
  return (
    <EdgeDialog
      id={id}
      title={t('disconnect.title', { id })}
      go={t('do.disconnect_now')}
      onClose={onClose}
      onGo={(key) =>
        act([{ op: 'disconnect', keys: [key] }], t('told.disconnected', { from: key.from, to: key.to }), id)
      }
    />
  );
}

function Insert({ id, onClose }: One) {
  const { t } = useTranslation('builder');
  const { ask } = useBuilder();
  return (
    <EdgeDialog
      id={id}
      title={t('insert.title')}
      go={t('do.insert_now')}
      onClose={onClose}
      onGo={(key) => ask({ what: 'add', where: { at: 'edge', key } })}
    />
  );
}

function Onto({ id, onClose }: One) {
  const { t } = useTranslation('builder');
  const { draft, types, act } = useBuilder();
  return (
    <EdgeDialog
      id={id}
      others
      title={t('onto.title', { id })}
      go={t('do.move_now')}
      onClose={onClose}
      onGo={(key) => act(moving(draft, types, [id], { at: 'edge', key }), t('told.carried', { id }), id)}
    />
  );
}

interface EdgeDialogProps extends One {
  /** Not those at the node, but all others. */
  others?: boolean;
  title: string;
  go: string;
  onGo: (key: EdgeKey) => void;
}

/** One of the edges at a node is chosen. */
function EdgeDialog({ id, others = false, title, go, onGo, onClose }: EdgeDialogProps) {
  const { t } = useTranslation('builder');
  const { draft } = useBuilder();
  const inside = withInside(draft, [id]);
  const keys = edgeKeys(edgesOf(draft)).filter(({ from, to }) =>
    others ? !inside.has(to) && !inside.has(endOf(from).node) : to === id || endOf(from).node === id,
  );
  const [chosen, setChosen] = useState('0');
  const key = keys[Number(chosen)];
  return (
    <FormDialog title={title} go={go} onClose={onClose} onGo={() => key && onGo(key)}>
      <Field label={t('disconnect.edge')}>
        {(described) => (
          <Select {...described} value={chosen} onChange={(event) => setChosen(event.target.value)}>
            {keys.map((each, at) => (
              <option key={keyText(each)} value={at}>
                {`${each.from} → ${each.to}`}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </FormDialog>
  );
}

function Move({ ids, onClose }: { ids: readonly string[]; onClose: () => void }) {
  const { t } = useTranslation('builder');
  const { draft, types, act } = useBuilder();
  const containers = containersFor(draft, types, ids);
  const [parent, setParent] = useState(containers[0]?.id ?? '');
  const id = ids.length === 1 ? (ids[0] as string) : t('several', { count: ids.length });
  return (
    <FormDialog
      title={t('move.title', { id })}
      description={t('move.text')}
      go={t('do.move_now')}
      onClose={onClose}
      onGo={() => act([{ op: 'reparent', ids, parent }], t('told.moved', { id, parent }), ids)}
    >
      <Field label={t('move.into')}>
        {(described) => (
          <Select {...described} value={parent} onChange={(event) => setParent(event.target.value)}>
            {containers.map((each) => (
              <option key={each.id}>{each.id}</option>
            ))}
          </Select>
        )}
      </Field>
    </FormDialog>
  );
}

function Rename({ id, onClose }: One) {
  const { t } = useTranslation('builder');
  const { draft, act } = useBuilder();
  const [to, setTo] = useState(id);
  const taken = to !== id && nodesOf(draft).some((node) => node.id === to);
  const why = !isId(to) ? t('rename.bad') : taken ? t('rename.taken') : undefined;
  return (
    <FormDialog
      title={t('rename.title', { id })}
      description={t('rename.text')}
      go={t('do.rename_now')}
      why={why}
      onClose={onClose}
      onGo={() => act([{ op: 'rename', id, to }], t('told.renamed', { id, to }), to)}
    >
      <Field label={t('rename.to')} error={why}>
        {(described) => (
          <TextInput
            {...described}
            value={to}
            spellCheck={false}
            autoComplete="off"
            onFocus={(event) => event.target.select()}
            onChange={(event) => setTo(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
}

function Paste({ into, onClose }: { into: string | null; onClose: () => void }) {
  const { t } = useTranslation('builder');
  const { draft, act } = useBuilder();
  const [text, setText] = useState('');
  const found = text.trim() === '' ? null : pasted(draft, text, { into });
  const wrong = found && 'error' in found ? found.error.message : undefined;
  return (
    <FormDialog
      title={t('paste.title')}
      description={into === null ? t('paste.text') : t('paste.text_into', { into })}
      go={t('do.paste_now')}
      why={wrong ?? (found ? undefined : t('paste.empty'))}
      onClose={onClose}
      onGo={() => {
        if (!found || 'error' in found) return;
        const { nodes } = found.operation;
        act([found.operation], t('told.pasted', { count: nodes.length }), namesOf(nodes));
      }}
    >
      <Field label={t('paste.yaml')} error={wrong}>
        {(described) => (
          <TextArea
            {...described}
            rows={10}
            spellCheck={false}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
    </FormDialog>
  );
}
