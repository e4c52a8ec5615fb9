import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { Contrast, House, Keyboard, Moon, PanelLeft, Search } from 'lucide-react';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { signOut, useSession } from '../api/session';
import { useKeys, type Shortcut } from '../keyboard/keys';
import { useAppearance, type Theme } from '../theme/appearance';
import { IconButton } from '../ui/Button';
import { Mark } from '../ui/Mark';
import { Menu } from '../ui/Menu';
import { ErrorBoundary } from '../ui/states';
import styles from './AppShell.module.css';
import { ConnectionBadge } from './ConnectionBadge';
import { ShortcutSheet } from './ShortcutSheet';

const CommandPalette = lazy(() => import('./CommandPalette'));

const PLACES = [{ to: '/', word: 'nav.home', icon: House, key: 'G H' }] as const;

type Open = 'palette' | 'sheet' | null;

/** The frame around every page: where one can go, what is connected, who is signed in. */
export function AppShell() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>(null);
  const [narrow, setNarrow] = useState(false);
  const shortcuts = useMemo<Shortcut[]>(() => {
    const scope = t('keys.global');
    const go = PLACES.map(({ to, word, key }) => ({
      keys: key,
      label: t(word),
      scope,
      run: () => void navigate({ to }),
    }));
    return [
      { keys: 'Ctrl+K', label: t('palette.title'), scope, run: () => setOpen('palette') },
      { keys: '?', label: t('nav.shortcuts'), scope, run: () => setOpen('sheet') },
      { keys: 'Ctrl+B', label: t('nav.collapse'), scope, run: () => setNarrow((before) => !before) },
      ...go,
    ];
  }, [t, navigate]);
  useKeys(shortcuts);
  return (
    <div className={styles.shell} data-narrow={narrow || undefined}>
      <a href="#content" className={styles.skip}>
        {t('skip_to_content')}
      </a>
      <nav className={styles.side} aria-label={t('nav.label')}>
        <div className={styles.brand}>
          <span>
            <Mark />
          </span>
          <strong>{t('fermata')}</strong>
          <IconButton
            label={narrow ? t('nav.expand') : t('nav.collapse')}
            icon={<PanelLeft size={16} aria-hidden />}
            aria-expanded={!narrow}
            onClick={() => setNarrow(!narrow)}
          />
        </div>
        <button type="button" className={styles.search} onClick={() => setOpen('palette')}>
          <Search size={14} aria-hidden />
          <span>{t('palette.title')}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <ul>
          {PLACES.map(({ to, word, icon: Icon }) => (
            <li key={to}>
              <Link
                to={to}
                className={styles.place}
                activeOptions={{ exact: to === '/' }}
                title={narrow ? t(word) : undefined}
              >
                <Icon size={16} aria-hidden />
                <span>{t(word)}</span>
              </Link>
            </li>
          ))}
        </ul>
        <div className={styles.foot}>
          <ConnectionBadge />
          <Account onShortcuts={() => setOpen('sheet')} />
        </div>
      </nav>
      <main id="content" className={styles.main} tabIndex={-1}>
        <ErrorBoundary title={t('failed.page')}>
          <Outlet />
        </ErrorBoundary>
      </main>
      {open === 'palette' && (
        <Suspense fallback={null}>
          <CommandPalette places={PLACES} onClose={() => setOpen(null)} />
        </Suspense>
      )}
      {open === 'sheet' && <ShortcutSheet onClose={() => setOpen(null)} />}
    </div>
  );
}

function Account({ onShortcuts }: { onShortcuts: () => void }) {
  const { t } = useTranslation();
  const me = useSession((state) => state.me);
  const { theme, contrast, setTheme, setContrast } = useAppearance();
  const themes: Theme[] = ['system', 'light', 'dark'];
  return (
    <Menu
      label={t('nav.account')}
      trigger={
        <button
          type="button"
          className={styles.account}
          aria-label={`${t('nav.account')}: ${me?.user.username ?? ''}`}
        >
          <span className={styles.initial} aria-hidden>
            {me?.user.username.slice(0, 1).toUpperCase()}
          </span>
          <span>{me?.user.username}</span>
        </button>
      }
      items={[
        ...themes.map((one) => ({
          label: `${t(`nav.theme_${one}`)}${one === theme ? ' ✓' : ''}`,
          icon: <Moon size={14} aria-hidden />,
          onSelect: () => setTheme(one),
        })),
        {
          label: contrast === 'more' ? t('nav.contrast_normal') : t('nav.contrast_more'),
          icon: <Contrast size={14} aria-hidden />,
          onSelect: () => setContrast(contrast === 'more' ? 'normal' : 'more'),
        },
        {
          label: t('nav.shortcuts'),
          keys: '?',
          icon: <Keyboard size={14} aria-hidden />,
          onSelect: onShortcuts,
        },
        null,
        { label: t('nav.sign_out'), onSelect: () => void signOut() },
      ]}
    />
  );
}
