/** Times, durations and numbers in the person's language. */
import i18next from 'i18next';

/** Formats are dear to make, and a screen draws hundreds of numbers and times: each is made once a language. */
function kept<Format>(make: (language: string) => Format): () => Format {
  const made = new Map<string, Format>();
  return () => {
    const { language } = i18next;
    let format = made.get(language);
    if (!format) made.set(language, (format = make(language)));
    return format;
  };
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

const relatives = kept((language) => new Intl.RelativeTimeFormat(language, { numeric: 'auto' }));

/** "3 minutes ago", "in 2 hours". */
export function relative(iso: string, now: number = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return relatives().format(Math.round(seconds / size), unit);
}

const moments = kept(
  (language) => new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }),
);

/** A moment in full, in the person's time zone. */
export function moment(iso: string): string {
  return moments().format(new Date(iso));
}

const MOMENTS = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;

/** A sentence of the platform with its times, which are UTC there, in the person's time zone. */
export function locally(sentence: string): string {
  return sentence.replaceAll(MOMENTS, (iso) => moment(iso));
}

const MOST_DIGITS = 6;
const numbers = Array.from({ length: MOST_DIGITS + 1 }, (_, digits) =>
  kept((language) => new Intl.NumberFormat(language, { maximumFractionDigits: digits })),
);

/** `850 ms`, `3.2 s`, `4m 05s`, `2h 10m`, `3d 4h`: the two largest units. `digits` of seconds below a minute. */
export function duration(seconds: number, digits = 1): string {
  const one = (value: number, most: number): string =>
    (numbers[Math.min(most, MOST_DIGITS)] as () => Intl.NumberFormat)().format(value);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 1) return `${one(seconds * 1000, 0)} ms`;
  if (seconds < 60) return `${one(seconds, digits)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ${two((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3_600)}h`;
}

const counts = kept((language) => new Intl.NumberFormat(language));

export function count(value: number): string {
  return counts().format(value);
}

const clocks = kept(
  (language) => new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit', second: '2-digit' }),
);

/** The time of a day, to the second. */
export function clock(at: number): string {
  return clocks().format(at);
}
