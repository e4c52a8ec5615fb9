import { Contrast, Keyboard, Languages, Monitor, Moon, Sun } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import i18next from 'i18next';
import { signOut } from '../api/session';
import { keepLocale, LOCALES } from '../i18n';
import { useSingleKeys } from '../keyboard/keys';
import { flushUnsaved } from '../stores/unsaved';
import { useAppearance, type Theme } from '../theme/appearance';
import { Menu } from '../ui/Menu';
import { AccountButton } from './AccountButton';

const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** Who is signed in: appearance, language, shortcuts, signing out. */
export default function AccountMenu({ onShortcuts }: { onShortcuts: () => void }) {
  const { t } = useTranslation();
  const { theme, contrast, setTheme, setContrast } = useAppearance();
  const single = useSingleKeys();
  const themes: Theme[] = ['system', 'light', 'dark'];
  return (
    <Menu
      label={t('nav.account')}
      trigger={<AccountButton />}
      items={[
        ...themes.map((one) => {
          const Icon = ICONS[one];
          return {
            label: `${t(`nav.theme_${one}`)}${one === theme ? ' ✓' : ''}`,
            icon: <Icon size={14} aria-hidden />,
            onSelect: () => setTheme(one),
          };
        }),
        {
          label: contrast === 'more' ? t('nav.contrast_normal') : t('nav.contrast_more'),
          icon: <Contrast size={14} aria-hidden />,
          onSelect: () => setContrast(contrast === 'more' ? 'normal' : 'more'),
        },
        null,
        ...LOCALES.map((one) => ({
          label: `${t(`nav.language_${one}`)}${one === i18next.language ? ' ✓' : ''}`,
          icon: <Languages size={14} aria-hidden />,
          onSelect: () => {
            keepLocale(one);
            void flushUnsaved().then(() => location.reload());
          },
        })),
        null,
        {
          label: t('nav.shortcuts'),
          keys: '?',
          icon: <Keyboard size={14} aria-hidden />,
          onSelect: onShortcuts,
        },
        {
          label: t(single.on ? 'nav.keys_off' : 'nav.keys_on'),
          icon: <Keyboard size={14} aria-hidden />,
          onSelect: () => single.setOn(!single.on),
        },
        null,
        { label: t('nav.sign_out'), onSelect: () => void flushUnsaved().then(signOut) },
      ]}
    />
  );
}
