/** Light or dark, and contrast: the person's choice, kept in this browser; Django writes it into the page. */
import { create } from 'zustand';

export type Theme = 'system' | 'light' | 'dark';
export type Contrast = 'normal' | 'more';
const YEAR = 365 * 24 * 3600;

function cookie(name: string): string | undefined {
  return document.cookie
    .split('; ')
    .find((part) => part.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

function keep(name: string, value: string): void {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

const wish = matchMedia('(prefers-color-scheme: dark)');
const sharp = matchMedia('(prefers-contrast: more)');
const contrastNow = (): Contrast =>
  (cookie('fermata_contrast') as Contrast | undefined) ?? (sharp.matches ? 'more' : 'normal');

function apply(theme: Theme, contrast: Contrast): void {
  const root = document.documentElement;
  root.dataset['theme'] = theme === 'system' ? (wish.matches ? 'dark' : 'light') : theme;
  root.dataset['contrast'] = contrast;
}

interface Appearance {
  theme: Theme;
  contrast: Contrast;
  setTheme: (theme: Theme) => void;
  setContrast: (contrast: Contrast) => void;
}

export const useAppearance = create<Appearance>((set, get) => ({
  theme: (cookie('fermata_theme') as Theme | undefined) ?? 'system',
  contrast: contrastNow(),
  setTheme: (theme) => {
    keep('fermata_theme', theme);
    set({ theme });
    apply(theme, get().contrast);
  },
  setContrast: (contrast) => {
    keep('fermata_contrast', contrast);
    set({ contrast });
    apply(get().theme, contrast);
  },
}));

/** Follow the choice, and the system where nothing was chosen. */
export function startAppearance(): void {
  const follow = (): void => apply(useAppearance.getState().theme, useAppearance.getState().contrast);
  follow();
  wish.addEventListener('change', follow);
  sharp.addEventListener('change', () => {
    useAppearance.setState({ contrast: contrastNow() });
    follow();
  });
}
