import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nodeOf } from '../../../document/model';
import { Dialog } from '../../../ui/Dialog';
import { Field, Select, TextInput } from '../../../ui/Field';
import { Marked } from '../../../ui/Marked';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { adding, type Where } from './deeds';
import { categoriesOf, portsOf, type NodeType } from './nodeTypes';

/** What can be added, by category; found by any of its words. */
export function Palette({ where, onClose }: { where: Where; onClose: () => void }) {
  const { t } = useTranslation('builder');
  const { draft, types, act } = useBuilder();
  const before = where.at === 'after' ? nodeOf(draft, where.id) : undefined;
  const ports = before ? portsOf(types, before) : [];
  const [port, setPort] = useState(where.at === 'after' ? where.port : '');
  const [search, setSearch] = useState('');
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = [...types.values()].filter((type) => {
    const text = `${type.title} ${type.name} ${type.description} ${type.category}`.toLowerCase();
    // A step without a way in or out cannot stand between two others.
    return (
      words.every((word) => text.includes(word)) &&
      (where.at !== 'edge' || type.ports.includes('out') || type.ports.length > 1)
    );
  });
  // Its very name, then names, then mere mentions.
  const named = (type: NodeType): boolean =>
    words.length > 0 && words.every((word) => `${type.title} ${type.name}`.toLowerCase().includes(word));
  const wish = search.trim().toLowerCase();
  const exact = (type: NodeType): boolean => [type.title.toLowerCase(), type.name].includes(wish);
  const rank = (type: NodeType): number => (exact(type) ? 0 : named(type) ? 1 : 2);
  const found = matching.toSorted((one, other) => rank(one) - rank(other));
  const categories =
    words.length > 0 ? [...new Set(found.map(({ category }) => category))] : categoriesOf(found);
  const add = (type: NodeType): void => {
    const there = where.at === 'after' ? { ...where, port } : where;
    const { id, operations } = adding(draft, type, there);
    onClose();
    act(operations, t('told.added', { title: type.title, id }), id);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={t(`palette.${where.at}`, { id: 'id' in where ? where.id : '' })}
      wide
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const [first] = found;
          if (first) add(first);
        }}
      >
        <Field label={t('palette.search')} help={t('palette.help')}>
          {(described) => (
            <TextInput
              {...described}
              type="search"
              value={search}
              autoComplete="off"
              onChange={(event) => setSearch(event.target.value)}
            />
          )}
        </Field>
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
      </form>
      {found.length === 0 && <p>{t('palette.none')}</p>}
      {categories.map((category) => (
        <section key={category} aria-label={t(`category.${category}`, { defaultValue: category })}>
          <h3 className={styles.category}>{t(`category.${category}`, { defaultValue: category })}</h3>
          <ul className={styles.palette}>
            {found
              .filter((type) => type.category === category)
              .map((type) => (
                <li key={type.name}>
                  <button type="button" onClick={() => add(type)}>
                    <b>{type.title}</b>
                    <small>
                      <Marked text={type.description} />
                    </small>
                  </button>
                </li>
              ))}
          </ul>
        </section>
      ))}
    </Dialog>
  );
}
