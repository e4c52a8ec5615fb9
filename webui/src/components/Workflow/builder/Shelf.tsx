import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { nodeOf } from '../../../document/model';
import { TextInput } from '../../../ui/Field';
import styles from './builder.module.css';
import { useBuilder } from './context';
import { adding, mainPort, type Where } from './deeds';
import { categoriesOf, type NodeType } from './nodeTypes';

/** What can be added, to be carried onto the graph; a press adds it after what is selected. */
export function Shelf() {
  const { t } = useTranslation('builder');
  const { draft, types, selected, act, carrier } = useBuilder();
  const [search, setSearch] = useState('');
  const wish = search.trim().toLowerCase();
  const found = [...types.values()].filter(({ title, name }) =>
    `${title} ${name}`.toLowerCase().includes(wish),
  );
  const categories = categoriesOf(found);
  const add = (type: NodeType): void => {
    if (carrier.endCarry()) return;
    const before = selected === null ? undefined : nodeOf(draft, selected);
    const port = before && mainPort(types, before);
    const where: Where = before && port !== undefined ? { at: 'after', id: before.id, port } : { at: 'end' };
    const { id, operations } = adding(draft, type, where);
    act(operations, t('told.added', { title: type.title, id }), id);
  };
  return (
    <section className={styles.shelf} aria-label={t('shelf')}>
      <TextInput
        type="search"
        aria-label={t('palette.search')}
        placeholder={t('palette.search')}
        value={search}
        autoComplete="off"
        onChange={(event) => setSearch(event.target.value)}
      />
      <p className={styles.help}>{t('shelf_help')}</p>
      {found.length === 0 && <p>{t('palette.none')}</p>}
      {categories.map((category) => {
        const name = t(`category.${category}`, { defaultValue: category });
        return (
          <section key={category} aria-label={name}>
            <h3>{name}</h3>
            <ul>
              {found
                .filter((type) => type.category === category)
                .map((type) => (
                  <li key={type.name}>
                    <button
                      type="button"
                      title={type.description.replaceAll('`', '')}
                      onPointerDown={(event) =>
                        carrier.begin(event.nativeEvent, { kind: type.name, title: type.title })
                      }
                      onClick={() => add(type)}
                    >
                      {type.title}
                    </button>
                  </li>
                ))}
            </ul>
          </section>
        );
      })}
    </section>
  );
}
