/** Times, durations and numbers in the person's language. */
import i18next from 'i18next';

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
];

/** "3 minutes ago", "in 2 hours". */
export function relative(iso: string, now: number = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(i18next.language, { numeric: 'auto' }).format(
    Math.round(seconds / size),
    unit,
  );
}

/** A moment in full, in the person's time zone. */
export function moment(iso: string): string {
  return new Intl.DateTimeFormat(i18next.language, { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(iso),
  );
}

/** `850 ms`, `3.2 s`, `4m 05s`, `2h 10m`, `3d 4h`: the two largest units. */
export function duration(seconds: number): string {
  const one = (value: number, digits: number): string =>
    new Intl.NumberFormat(i18next.language, { maximumFractionDigits: digits }).format(value);
  const two = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  if (seconds < 1) return `${one(seconds * 1000, 0)} ms`;
  if (seconds < 60) return `${one(seconds, 1)} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ${two((seconds % 3_600) / 60)}m`;
  return `${Math.floor(seconds / 86_400)}d ${Math.floor((seconds % 86_400) / 3_600)}h`;
}

export function count(value: number): string {
  return new Intl.NumberFormat(i18next.language).format(value);
}
