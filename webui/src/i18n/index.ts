/** Languages: English and German, and in development a pseudo-language that shows what is not translated. */
import i18next, { type Resource, type TFunction } from 'i18next';
import { initReactI18next } from 'react-i18next';

export const LOCALES = ['en', 'de'] as const;
export type Locale = (typeof LOCALES)[number];
export const PSEUDO = 'en-XA';

// One file a namespace and language; a page's own words come with its chunk (see `useWords` of its folder).
const files = import.meta.glob<Record<string, unknown>>('./*/*.json', { import: 'default' });

const ACCENTS: Record<string, string> = {
  a: 'á',
  e: 'é',
  i: 'í',
  o: 'ó',
  u: 'ú',
  A: 'Á',
  E: 'É',
  I: 'Í',
  O: 'Ó',
  U: 'Ú',
};

/** Longer, accented and bracketed; placeholders stay. */
export function pseudo(text: string): string {
  const accented = text.replace(/\{\{[^}]*\}\}|[aeiouAEIOU]/g, (found) => ACCENTS[found] ?? found);
  return `[${accented}${'~'.repeat(Math.ceil(text.length * 0.4))}]`;
}

function pseudoed(words: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(words).map(([key, value]) => [
      key,
      typeof value === 'string' ? pseudo(value) : pseudoed(value as Record<string, unknown>),
    ]),
  );
}

async function words(locale: string, namespace: string): Promise<Record<string, unknown>> {
  const load = files[`./${locale === PSEUDO ? 'en' : locale}/${namespace}.json`];
  if (!load) return {};
  const found = await load();
  return locale === PSEUDO ? pseudoed(found) : found;
}

/** Make a namespace's words ready in the current language, with English behind it. */
export async function loadWords(namespace: string): Promise<void> {
  for (const locale of new Set(['en', i18next.language])) {
    if (!i18next.hasResourceBundle(locale, namespace)) {
      i18next.addResourceBundle(locale, namespace, await words(locale, namespace));
    }
  }
}

const fixed = new Map<string, TFunction>();

/**
 * The words of a namespace, for what is drawn by the hundred: `useTranslation` copies all of i18next whenever a
 * component is mounted. The namespace is there by then, and another language comes with another page.
 */
export function wordsOf(namespace = 'common'): TFunction {
  const key = `${i18next.language} ${namespace}`;
  let found = fixed.get(key);
  if (!found) fixed.set(key, (found = i18next.getFixedT(i18next.language, namespace)));
  return found;
}

const COOKIE = 'fermata_locale';
const YEAR_S = 365 * 24 * 3600;

/** The language that was chosen on this device. */
export function keptLocale(): string | undefined {
  return new RegExp(`(?:^|; )${COOKIE}=([\\w-]+)`).exec(document.cookie)?.[1];
}

export function keepLocale(locale: Locale): void {
  document.cookie = `${COOKIE}=${locale}; path=/; max-age=${YEAR_S}; samesite=lax`;
}

/** The language of the person, else of the browser, else English. */
export function chosen(locale: string | undefined): string {
  const asked = [locale, ...navigator.languages].map((name) => name?.slice(0, name === PSEUDO ? 5 : 2));
  return asked.find((name) => name === PSEUDO || LOCALES.includes(name as Locale)) ?? 'en';
}

/** Start i18next in a language. */
export async function startI18n(locale: string): Promise<void> {
  const resources: Resource = { en: { common: (await words('en', 'common')) as never } };
  if (locale !== 'en') resources[locale] = { common: (await words(locale, 'common')) as never };
  await i18next.use(initReactI18next).init({
    lng: locale,
    fallbackLng: 'en',
    defaultNS: 'common',
    ns: ['common'],
    resources,
    partialBundledLanguages: true,
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  document.documentElement.lang = locale;
}
