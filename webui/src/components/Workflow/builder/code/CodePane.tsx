import type { Diagnostic } from '@codemirror/lint';
import { useQuery } from '@tanstack/react-query';
import { getNonce } from 'get-nonce';
import { X } from 'lucide-react';
import { useEffect, useId, useRef, useState, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { answered, client } from '../../../../api/client';
import { Places } from '../../../../document/places';
import type { JsonSchema } from '../../../../forms/schema';
import { Button, IconButton } from '../../../../ui/Button';
import { useBuilder, type Builder } from '../context';
import { fixing } from '../deeds';
import { useScope } from '../expressions';
import { mountCode, type Code } from './codeEditor';
import styles from './code.module.css';
import { completing } from './complete';
import { CodeSession, type CodeState } from './session';

const CURSOR_MS = 120;

/** Asked once: what a document may hold. */
function useDocumentSchema(): JsonSchema | undefined {
  const { data } = useQuery({
    queryKey: ['document-schema'],
    queryFn: ({ signal }) => answered(client.GET('/api/v1/schema/document', { signal })),
    staleTime: Infinity,
  });
  return data as JsonSchema | undefined;
}

/** The places of the text as it stands; read anew only when it has changed. */
class PlacesOf {
  private last: { text: string; places: Places } | null = null;

  of(text: string): Places {
    if (this.last?.text !== text) this.last = { text, places: new Places(text) };
    return this.last.places;
  }
}

interface Open {
  code: Code;
  session: CodeSession;
  places: PlacesOf;
}

export interface CodePaneProps {
  onClose: () => void;
  /** Whether a person has just asked for it, and wants to go on there. */
  enteredRef: RefObject<boolean>;
}

/** The YAML of the draft beside its graph: one selection, one undo, problems at their lines. */
export function CodePane({ onClose, enteredRef }: CodePaneProps) {
  const { t } = useTranslation('builder');
  const builder = useBuilder();
  const { store, draft, judged, selected } = builder;
  const id = useId();
  const section = useRef<HTMLElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<Open | null>(null);
  const [state, setState] = useState<CodeState>({ is: 'same' });
  const schema = useDocumentSchema();
  const scope = useScope(store.workflowId);
  const latest = useRef({ builder, schema, scope });
  useEffect(() => {
    latest.current = { builder, schema, scope };
  });
  /** The node the cursor led to: it is in view already. */
  const led = useRef<string | null>(null);

  useEffect(() => {
    if (!box.current) return;
    const places = new PlacesOf();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const follow = (offset: number): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const found = places.of(code.text());
        const node = found.nodeAt(offset);
        if (node === null && found.partAt(offset) === 'edges') return;
        led.current = node;
        if (node !== latest.current.builder.selected) latest.current.builder.select(node);
      }, CURSOR_MS);
    };
    const code = mountCode({
      parent: box.current,
      text: '',
      label: t('code.label'),
      describedBy: `${id}-state`,
      nonce: getNonce() ?? '',
      readOnly: false,
      phrases: t('code.phrases', { returnObjects: true }) as Record<string, string>,
      complete: completing({
        known: () => {
          const { builder: now, schema: known } = latest.current;
          return known ? { schema: known, draft: now.draft, types: now.types } : null;
        },
        scope: ({ node, pointer }) => latest.current.scope(node, pointer),
        words: (key, values) => t(`forms:expression.${key}` as never, values ?? {}),
      }),
      onText: () => session.typed(),
      onCursor: follow,
      onApply: () => session.apply(),
      onLeave: () => section.current?.querySelector<HTMLElement>('[data-close]')?.focus(),
    });
    const session = new CodeSession(store, code, setState);
    setOpen({ code, session, places });
    if (enteredRef.current) code.focus();
    enteredRef.current = false;
    const leave = (): void => session.stop();
    addEventListener('pagehide', leave, { capture: true }); // before the draft is sent
    return () => {
      removeEventListener('pagehide', leave, { capture: true });
      clearTimeout(timer);
      session.stop();
      code.destroy();
      setOpen(null);
    };
  }, [store, id, t, enteredRef]);

  useEffect(() => open?.session.changed(), [open, draft.definition]);
  useEffect(() => {
    if (!open) return;
    const span = selected === null ? null : open.places.of(open.code.text()).node(selected);
    open.code.setSpan(span, led.current !== selected);
    led.current = selected;
  }, [open, selected, state, draft.definition]);
  useEffect(() => {
    if (!open) return;
    if (state.is === 'wrong') open.code.setMarks([syntax(open.code.text(), state)]);
    else if (state.is === 'same' && judged.definition === draft.definition)
      open.code.setMarks(marksOf(open, builder, t('fix')));
    // eslint-disable-next-line react-hooks/exhaustive-deps -- `builder` is new with every change of these
  }, [open, state, judged, draft.definition, t]);

  const goTo = (): void => {
    if (open && state.is === 'wrong') open.code.goTo(offsetOf(open.code.text(), state));
  };
  return (
    <section ref={section} className={styles.pane} aria-label={t('code.title')}>
      <header className={styles.head}>
        <h2>{t('code.title')}</h2>
        <span id={`${id}-state`} className={styles.state} role="status">
          {t(`code.is.${state.is}`, state.is === 'wrong' ? { line: state.error.line } : {})}
        </span>
        {state.is === 'held' && (
          <Button onClick={() => open?.session.apply()}>
            {t('code.apply')} <kbd>Ctrl S</kbd>
          </Button>
        )}
        <IconButton data-close label={t('code.close')} icon={<X size={14} aria-hidden />} onClick={onClose} />
      </header>
      <div ref={box} className={styles.code} />
      {state.is === 'wrong' && (
        <p className={styles.wrong}>
          <span>
            {t('code.wrong', { line: state.error.line, column: state.error.column })} {state.error.message}
          </span>
          <Button onClick={goTo}>{t('go_to')}</Button>
          <Button onClick={() => open?.session.discard()}>{t('code.discard')}</Button>
        </p>
      )}
    </section>
  );
}

function offsetOf(text: string, { error }: Extract<CodeState, { is: 'wrong' }>): number {
  const lines = text.split('\n').slice(0, error.line - 1);
  return lines.reduce((sum, line) => sum + line.length + 1, 0) + error.column - 1;
}

function syntax(text: string, state: Extract<CodeState, { is: 'wrong' }>): Diagnostic {
  const from = offsetOf(text, state);
  return { from, to: from + 1, severity: 'error', message: state.error.message };
}

/** What the platform says of the draft, at the lines it is about. */
function marksOf({ code, places }: Open, { judged, draft, act }: Builder, fixWords: string): Diagnostic[] {
  const found = places.of(code.text());
  return judged.problems.flatMap(({ pointer, severity, message, cure, fix }) => {
    const span = found.at(pointer) ?? { from: 0, to: 0 };
    const mend = fix ? fixing(draft, fix) : null;
    return [
      {
        from: span.from,
        to: Math.max(span.from, Math.min(span.to, endOfLine(code.text(), span.from))),
        severity,
        message: [message, cure].filter(Boolean).join(' '),
        ...(mend ? { actions: [{ name: fixWords, apply: () => act(mend, message) }] } : {}),
      },
    ];
  });
}

function endOfLine(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found < 0 ? text.length : found;
}
