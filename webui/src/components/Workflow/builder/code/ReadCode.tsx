import { getNonce } from 'get-nonce';
import { X } from 'lucide-react';
import { useEffect, useId, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { JsonObject } from '../../../../document/json';
import { Places } from '../../../../document/places';
import { toYaml } from '../../../../document/yaml';
import { IconButton } from '../../../../ui/Button';
import styles from './code.module.css';
import { mountCode, type Code } from './codeEditor';

export interface ReadCodeProps {
  definition: JsonObject;
  selected: string | null;
  onSelect: (node: string) => void;
  onClose: () => void;
}

/** The YAML of a workflow beside its graph, to be read; what is selected in one is selected in the other. */
export function ReadCode({ definition, selected, onSelect, onClose }: ReadCodeProps) {
  const { t } = useTranslation('builder');
  const id = useId();
  const section = useRef<HTMLElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const text = useMemo(() => toYaml(definition), [definition]);
  const places = useMemo(() => new Places(text), [text]);
  const [code, setCode] = useState<Code | null>(null);
  const latest = useRef({ places, onSelect });
  useEffect(() => {
    latest.current = { places, onSelect };
  });
  useEffect(() => {
    if (!box.current) return;
    const made = mountCode({
      parent: box.current,
      text: '',
      label: t('code.read_label'),
      describedBy: `${id}-state`,
      nonce: getNonce() ?? '',
      readOnly: true,
      phrases: t('code.phrases', { returnObjects: true }) as Record<string, string>,
      onCursor: (offset) => {
        const node = latest.current.places.nodeAt(offset);
        if (node !== null) latest.current.onSelect(node);
      },
      onLeave: () => section.current?.querySelector<HTMLElement>('[data-close]')?.focus(),
    });
    setCode(made);
    return () => {
      made.destroy();
      setCode(null);
    };
  }, [id, t]);
  useEffect(() => code?.setText(text), [code, text]);
  useEffect(() => {
    const span = selected === null ? null : places.node(selected);
    code?.setSpan(span, true);
  }, [code, places, selected]);
  return (
    <section ref={section} className={styles.pane} aria-label={t('code.title')}>
      <header className={styles.head}>
        <h2>{t('code.title')}</h2>
        <span id={`${id}-state`} className={styles.state}>
          {t('code.read_only')}
        </span>
        <IconButton data-close label={t('code.close')} icon={<X size={14} aria-hidden />} onClick={onClose} />
      </header>
      <div ref={box} className={styles.code} />
    </section>
  );
}
