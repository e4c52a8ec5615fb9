import { getNonce } from 'get-nonce';
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { TextArea, type Described } from '../../ui/Field';
import { useEvaluation, type Evaluation } from './context';
import type { Editor } from './editor';
import styles from './expression.module.css';
import { PreviewLine } from './PreviewLine';
import { usePreview } from './usePreview';
import { loaded } from '../../ui/lazily';

export interface ExpressionInputProps {
  described: Described;
  label: string;
  /** Of the form. */
  pointer: string;
  text: string;
  hint?: string | undefined;
  required?: boolean;
  onText: (text: string) => void;
  onBlur?: () => void;
  /** Why a value does not fit the field. */
  judge?: (value: unknown) => string | undefined;
}

type Place = { evaluation: Evaluation; node: string | null; pointer: string; field: string };

/** A text with `{{ }}`: a plain input that becomes an editor with completion and a preview once it is entered. */
export function ExpressionInput(props: ExpressionInputProps) {
  const place = useEvaluation(props.pointer);
  if (!place) return <Plain {...props} />;
  return <Evaluated {...props} place={place} />;
}

/** What was chosen in the text. */
interface Chosen {
  start: number;
  end: number;
}

type PlainProps = ExpressionInputProps & {
  input?: React.Ref<HTMLTextAreaElement>;
  onEnter?: ((chosen: Chosen) => void) | undefined;
};

function Plain({ described, text, hint, required, onText, onBlur, input, onEnter }: PlainProps) {
  const pressed = useRef(false);
  const enter = ({ selectionStart: start, selectionEnd: end }: HTMLTextAreaElement): void =>
    onEnter?.({ start, end });
  return (
    <TextArea
      {...described}
      ref={input}
      className={styles.plain}
      rows={1}
      spellCheck={false}
      autoComplete="off"
      placeholder={hint}
      aria-required={required}
      value={text}
      onBlur={onBlur}
      onChange={(event) => onText(event.target.value)}
      onPointerDown={() => {
        pressed.current = true;
      }}
      // A press chooses its place in the text first.
      onClick={(event) => {
        pressed.current = false;
        enter(event.currentTarget);
      }}
      onFocus={(event) => {
        if (!pressed.current) enter(event.currentTarget);
      }}
    />
  );
}

function Evaluated({ place, ...props }: ExpressionInputProps & { place: Place }) {
  const { evaluation, field } = place;
  const active = evaluation.active === field;
  const wrapper = useRef<HTMLDivElement>(null);
  /** Set while a person has just entered the field: the editor takes the focus then, and only then. */
  const enteredRef = useRef<Chosen | null>(null);
  const enter = (chosen: Chosen): void => {
    enteredRef.current = chosen;
    evaluation.activate(field);
  };
  const id = useId();
  return (
    <div ref={wrapper} className={styles.field} tabIndex={-1}>
      {active ? (
        <Active {...props} place={place} wrapper={wrapper} enteredRef={enteredRef} previewId={id} />
      ) : (
        <Plain {...props} onEnter={enter} />
      )}
    </div>
  );
}

type ActiveProps = ExpressionInputProps & {
  place: Place;
  wrapper: React.RefObject<HTMLDivElement | null>;
  enteredRef: React.RefObject<Chosen | null>;
  previewId: string;
};

function Active({ place, wrapper, enteredRef, previewId, ...props }: ActiveProps) {
  const { text, label, required, judge, described } = props;
  const { evaluation, node, pointer } = place;
  const plain = useRef<HTMLTextAreaElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor | null>(null);
  const { t } = useTranslation('forms');
  const preview = usePreview({ evaluation, node, pointer, text });
  const attributes = Object.fromEntries(
    Object.entries({
      id: described.id,
      role: 'textbox',
      'aria-label': label,
      'aria-multiline': 'true',
      'aria-describedby': [described['aria-describedby'], previewId].filter(Boolean).join(' '),
      'aria-invalid': described['aria-invalid'] ? 'true' : undefined,
      'aria-required': required ? 'true' : undefined,
    }).filter((row): row is [string, string] => row[1] !== undefined),
  );
  const latest = useRef({ ...props, attributes, evaluation });
  useLayoutEffect(() => {
    latest.current = { ...props, attributes, evaluation };
  });

  const begin = useCallback(async (): Promise<Editor | null> => {
    const mount = await (await loaded(() => import('./editor'))).prepared();
    const [parent, input] = [box.current, plain.current];
    if (!parent || !input) return null;
    const focused = document.activeElement === input;
    const made = mount({
      parent,
      text: input.value,
      selection: { anchor: input.selectionStart, head: input.selectionEnd },
      attributes: latest.current.attributes,
      nonce: getNonce() ?? '',
      hint: latest.current.hint ?? '',
      scope: () => latest.current.evaluation.scope(node, pointer),
      words: (key, values) => t(`expression.${key}`, values ?? {}),
      onText: (now) => latest.current.onText(now),
      onBlur: () => latest.current.onBlur?.(),
      onLeave: () => wrapper.current?.focus(),
    });
    if (focused && document.activeElement === input) made.focus();
    return made;
  }, [node, pointer, t, wrapper]);

  useEffect(() => {
    const chosen = enteredRef.current;
    enteredRef.current = null;
    if (chosen) {
      plain.current?.focus({ preventScroll: true });
      plain.current?.setSelectionRange(chosen.start, chosen.end);
    }
    let gone = false;
    let made: Editor | null = null;
    begin().then(
      (each) => {
        if (gone) each?.destroy();
        else {
          made = each;
          setEditor(each);
        }
      },
      () => undefined, // the plain input stays
    );
    return () => {
      gone = true;
      made?.destroy();
    };
  }, [begin, enteredRef]);
  useLayoutEffect(() => editor?.setText(text), [editor, text]);
  const fault = preview.state === 'answered' ? (preview.answer?.error ?? null) : null;
  useEffect(() => editor?.setFault(fault), [editor, fault]);
  useEffect(() => {
    // A label leads to inputs only.
    const of = wrapper.current?.parentElement?.querySelector('label');
    const enter = (): void => editor?.focus();
    of?.addEventListener('click', enter);
    return () => of?.removeEventListener('click', enter);
  }, [editor, wrapper]);
  const said = JSON.stringify(attributes);
  useEffect(() => editor?.setAttributes(JSON.parse(said) as Record<string, string>), [editor, said]);
  const value = preview.state === 'answered' && preview.answer?.ok ? preview.answer.value : undefined;
  return (
    <>
      <div ref={box} className={styles.editor} data-ready={editor ? true : undefined} />
      {!editor && <Plain {...props} input={plain} />}
      <PreviewLine
        id={previewId}
        preview={preview}
        evaluation={evaluation}
        unfit={value === undefined ? undefined : judge?.(value)}
      />
    </>
  );
}
