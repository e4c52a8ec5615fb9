import { Link, Outlet, useNavigate } from '@tanstack/react-router';
import { CircleCheck, History, House, PanelLeft, Search, Workflow } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { loadWords } from '../i18n';
import { useKeys, type Shortcut } from '../keyboard/keys';
import { useRunDialog } from '../stores/run';
import { IconButton } from '../ui/Button';
import { Mark } from '../ui/Mark';
import { ErrorBoundary, Overlay } from '../ui/states';
import { AccountButton } from './AccountButton';
import styles from './AppShell.module.css';
import { ConnectionBadge } from './ConnectionBadge';
import { lazily } from '../ui/lazily';

const CommandPalette = lazily(() => import('./CommandPalette'));
const ShortcutSheet = lazily(() => import('./ShortcutSheet'));
const AccountMenu = lazily(() => import('./AccountMenu'));

const RunDialog = lazily(async () => {
  await Promise.all(['run', 'forms'].map(loadWords));
  return import('../components/Workflow/RunDialog');
});

const PLACES = [
  { to: '/', word: 'nav.home', icon: House, key: 'G H' },
  { to: '/workflows', word: 'nav.workflows', icon: Workflow, key: 'G W' },
  { to: '/executions', word: 'nav.executions', icon: History, key: 'G E' },
  { to: '/approvals', word: 'nav.approvals', icon: CircleCheck, key: 'G A' },
] as const;

type Open = 'palette' | 'sheet' | null;

const BETWEEN = matchMedia('(min-width: 40.0625em) and (max-width: 62.5em)');

/** The frame around every page: where one can go, what is connected, who is signed in. */
export function AppShell() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [open, setOpen] = useState<Open>(null);
  // Narrow where there is not much room, and as the person wishes.
  const [narrow, setNarrow] = useState(BETWEEN.matches);
  useEffect(() => {
    const follow = (): void => setNarrow(BETWEEN.matches);
    BETWEEN.addEventListener('change', follow);
    return () => BETWEEN.removeEventListener('change', follow);
  }, []);
  const toRun = useRunDialog((state) => state.asked);
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
          <Overlay until={<AccountButton />}>
            <AccountMenu onShortcuts={() => setOpen('sheet')} />
          </Overlay>
        </div>
      </nav>
      <main id="content" className={styles.main} tabIndex={-1}>
        <ErrorBoundary title={t('failed.page')}>
          <Outlet />
        </ErrorBoundary>
      </main>
      {open === 'palette' && (
        <Overlay>
          <CommandPalette places={PLACES} onClose={() => setOpen(null)} />
        </Overlay>
      )}
      {toRun && (
        <Overlay>
          <RunDialog key={toRun.workflowId} asked={toRun} />
        </Overlay>
      )}
      {open === 'sheet' && (
        <Overlay>
          <ShortcutSheet onClose={() => setOpen(null)} />
        </Overlay>
      )}
    </div>
  );
}
