import type { ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api/session';
import styles from './AppShell.module.css';

/** Shows who is signed in; the menu behind it is loaded on its own. */
export function AccountButton(rest: ComponentProps<'button'>) {
  const { t } = useTranslation();
  const username = useSession((state) => state.me?.user.username);
  return (
    <button
      type="button"
      {...rest}
      className={styles.account}
      aria-label={`${t('nav.account')}: ${username ?? ''}`}
    >
      <span className={styles.initial} data-letter={username?.slice(0, 1).toUpperCase()} />
      <span>{username}</span>
    </button>
  );
}
