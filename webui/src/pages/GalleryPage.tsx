import { Ellipsis, Play, Plus } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import type { JsonSchema } from '../forms/schema';
import { SchemaForm } from '../forms/SchemaForm';
import { STATUSES } from '../theme/status';
import { Button, IconButton } from '../ui/Button';
import { ConnectionState } from '../ui/ConnectionState';
import { Dialog } from '../ui/Dialog';
import { Field, Select, TextArea, TextInput } from '../ui/Field';
import { Mark } from '../ui/Mark';
import { Menu } from '../ui/Menu';
import { Bar, Chip, Page } from '../ui/Page';
import { Splitter } from '../ui/Splitter';
import { EmptyState, Failure, Skeleton } from '../ui/states';
import { StatusBadge } from '../ui/StatusBadge';
import { cells, Table } from '../ui/Table';
import { say } from '../ui/Toasts';
import styles from './GalleryPage.module.css';

const nothing = (): void => undefined;

/** Every component once, in every state, to be looked at and judged; not in what is shipped. */
export function GalleryPage() {
  return (
    <Page title="Gallery" above="Components" actions={<Button kind="primary">Main action</Button>}>
      <Part title="Buttons">
        <Button>Plain</Button>
        <Button kind="primary">
          <Play size={16} aria-hidden />
          Primary
        </Button>
        <Button kind="quiet">Quiet</Button>
        <Button kind="danger">Danger</Button>
        <Button busy>Busy</Button>
        <Button why="It has not been saved.">Off, and why</Button>
        <IconButton label="Add" icon={<Plus size={16} aria-hidden />} />
        <IconButton
          label="Remove"
          icon={<Ellipsis size={16} aria-hidden />}
          why="There is nothing to remove."
        />
      </Part>
      <Part title="Statuses">
        {STATUSES.map((status) => (
          <StatusBadge key={status} status={status} detail="3.2 s" />
        ))}
        {STATUSES.map((status) => (
          <StatusBadge key={status} status={status} compact />
        ))}
      </Part>
      <Part title="Connections">
        {(['live', 'connecting', 'polling', 'reconnecting', 'stale'] as const).map((state) => (
          <ConnectionState key={state} connection={{ state }} />
        ))}
        <Mark size={32} />
      </Part>
      <Fields />
      <Part title="Form of a schema">
        <Form />
      </Part>
      <Overlays />
      <Part title="Table">
        <Table
          label="Orders"
          columns={[{ label: 'Name' }, { label: 'Status' }, { label: 'Duration', end: true }]}
        >
          {STATUSES.slice(0, 4).map((status, at) => (
            <tr key={status} className={cells.row} data-at={at === 1 || undefined}>
              <td data-first>{`order ${at}`}</td>
              <td>
                <StatusBadge status={status} />
              </td>
              <td data-end>{`${at} s`}</td>
            </tr>
          ))}
        </Table>
      </Part>
      <Panes />
      <Part title="States">
        <Skeleton rows={2} />
        <EmptyState title="Nothing yet" action={<Button>Begin</Button>}>
          What is made is listed here.
        </EmptyState>
        <Failure title="It could not be loaded" detail="The service is away." retry={nothing} />
      </Part>
    </Page>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <div className={styles.part}>{children}</div>
    </section>
  );
}

function Fields() {
  const [pressed, setPressed] = useState('one');
  return (
    <Part title="Fields">
      <Field label="Name" help="As it is shown." required>
        {(described) => <TextInput {...described} defaultValue="orders" />}
      </Field>
      <Field label="Wrong" error="Letters and digits only.">
        {(described) => <TextInput {...described} defaultValue="?" />}
      </Field>
      <Field label="Text">{(described) => <TextArea {...described} />}</Field>
      <Field label="Choice">
        {(described) => (
          <Select {...described}>
            <option>One</option>
            <option>Two</option>
          </Select>
        )}
      </Field>
      <Bar label="Filters">
        {['one', 'two'].map((name) => (
          <Chip key={name} pressed={pressed === name} count="12" onPress={() => setPressed(name)}>
            {name}
          </Chip>
        ))}
      </Bar>
    </Part>
  );
}

const SCHEMA = {
  type: 'object',
  required: ['to'],
  properties: {
    to: { type: 'string', title: 'To', description: 'Who gets it.' },
    copies: { type: 'integer', title: 'Copies', minimum: 1, default: 1 },
    how: { enum: ['letter', 'mail'], title: 'How' },
    urgent: { type: 'boolean', title: 'Urgent' },
    lines: { type: 'array', title: 'Lines', items: { type: 'string' } },
  },
} as JsonSchema;

function Form() {
  const [value, setValue] = useState<unknown>({ to: '', copies: 0, lines: ['one'] });
  return (
    <div className={styles.form}>
      <SchemaForm schema={SCHEMA} value={value} onChange={setValue} showAll />
    </div>
  );
}

function Overlays() {
  const [open, setOpen] = useState(false);
  return (
    <Part title="Overlays">
      <Menu
        label="Actions"
        trigger={<Button>Menu</Button>}
        items={[
          { label: 'Run', icon: <Play size={14} aria-hidden />, keys: 'R', onSelect: nothing },
          { label: 'Archive', why: 'It is running.', onSelect: nothing },
          null,
          { label: 'Delete', danger: true, onSelect: nothing },
        ]}
      />
      <Button onClick={() => setOpen(true)}>Dialog</Button>
      <Button onClick={() => say('It was saved.', { action: { label: 'Undo', run: nothing } })}>News</Button>
      <Button onClick={() => say('It was refused', { kind: 'error', detail: 'Somebody was faster.' })}>
        Bad news
      </Button>
      <Dialog
        open={open}
        onClose={() => setOpen(false)}
        title="Cancel it?"
        description="This cannot be undone."
        actions={<Button onClick={() => setOpen(false)}>Keep it</Button>}
      >
        <TextInput aria-label="Reason" />
      </Dialog>
    </Part>
  );
}

function Panes() {
  const [size, setSize] = useState(160);
  return (
    <Part title="Panes">
      <div className={styles.panes}>
        <div style={{ inlineSize: size }} />
        <Splitter
          label="Width of the first pane"
          size={size}
          least={80}
          most={320}
          pane="start"
          axis="x"
          onResize={setSize}
        />
      </div>
    </Part>
  );
}
