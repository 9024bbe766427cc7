const numbers = new Intl.NumberFormat('en');
const rates = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const clockTimes = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

export function count(value: number | undefined): string {
  return value === undefined ? '–' : numbers.format(value);
}

/** @param noun with a plural that ends in s */
export function plural(value: number, noun: string): string {
  return `${numbers.format(value)} ${noun}${value === 1 ? '' : 's'}`;
}

export function rate(value: number): string {
  return rates.format(value);
}

/** @param ms milliseconds */
export function duration(ms: number): string {
  for (const [unit, length] of units) if (ms >= length) return `${Math.floor(ms / length)} ${unit}`;
  return 'now';
}

export function time(at: number): string {
  return clockTimes.format(at);
}

export function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : `${numbers.format(Math.round(bytes / 1_048_576))} MB`;
}

const systems = [
  ['iPhone', /iPhone/],
  ['iPad', /iPad/],
  ['Android', /Android/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X|Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
] as const;
/** The order matters: the user agents of most browsers also name browsers that are later in this list. */
const browsers = [
  ['Edge', /Edg(?:e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Firefox', /Firefox\/|FxiOS\//],
  ['Chrome', /Chrome\/|CriOS\//],
  ['Safari', /Safari\//],
] as const;

/** Describes the user agent in a few words. Returns its text, shortened, if neither browser nor system is known. */
export function device(userAgent: string): string {
  const [browser] = browsers.find(([, pattern]) => pattern.test(userAgent)) ?? [];
  const [system] = systems.find(([, pattern]) => pattern.test(userAgent)) ?? [];
  if (browser === undefined && system === undefined) return userAgent === '' ? 'unknown' : userAgent.slice(0, 60);
  return [browser ?? 'Application', system].filter((part) => part !== undefined).join(' on ');
}
