import { parseArgs } from 'node:util';
import { isNamespace, namespaceText } from '../compat/redis-sessions/class/client-options.js';
import { quote } from '../errors/session-error.js';
import { closestTo } from '../validation/closest-name.js';

/** A wrong flag or variable. The message is one line; the exit code is the one that shells use for wrong usage. */
export class UsageError extends Error {
  static readonly exitCode = 2;
}

/** One flag of a command, for the parser and for `--help`. */
export interface Flag {
  /** The kind of value, as `--help` shows it. A flag without a value is on or off. */
  readonly value?: string;
  readonly help: string;
}

export type Flags = Readonly<Record<string, Flag>>;

/** The flags of one command line. */
export class GivenFlags {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  constructor(values: Readonly<Record<string, string | boolean | undefined>>) {
    this.#values = values;
  }

  isOn(name: string): boolean {
    return this.#values[name] === true;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    if (value === '') throw new UsageError(`--${name} must not be empty`);
    return typeof value === 'string' ? value : undefined;
  }
}

/** @throws UsageError */
export function parseFlags(args: readonly string[], flags: Flags): GivenFlags {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { value }]) => {
      const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string';
      return [name, { type }];
    }),
  );
  try {
    const { values } = parseArgs({ args: [...args], options, strict: true, allowPositionals: false });
    return new GivenFlags(values);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const unknown = /^Unknown option '--([^']+)'/.exec(text)?.[1];
    throw new UsageError(unknown === undefined ? text : text + adviceFor(unknown, Object.keys(flags), '--'));
  }
}

/** The end of a message about a name that is not known: the name that was probably meant, if any. */
export function adviceFor(name: string, known: readonly string[], prefix = ''): string {
  const meant = closestTo(name.slice(0, 64), known);
  return meant === undefined ? '' : `; did you mean ${prefix}${meant}?`;
}

/** The flags as `--help` shows them. */
export function describeFlags(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, { value, help }]): readonly [string, string] => {
    return [value === undefined ? `--${name}` : `--${name} <${value}>`, help];
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`).join('\n');
}

/** @throws UsageError */
export function portOf(what: string, text: string): number {
  const port = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`${what} must be a whole number from 0 to 65535; got ${quote(text)}`);
}

/** @throws UsageError */
export function redisUrlOf(what: string, text: string): string {
  if (URL.canParse(text)) {
    const { protocol, pathname } = new URL(text);
    // The path is the number of the database.
    if (/^rediss?:$/.test(protocol) && /^\/?\d*$/.test(pathname)) return text;
  }
  // Do not quote the text: it may contain a password.
  throw new UsageError(`${what} must be an address such as redis://127.0.0.1:6379`);
}

/** @throws UsageError */
export function namespaceOf(what: string, text: string): string {
  if (isNamespace(text)) return text;
  throw new UsageError(`${what} ${namespaceText}; got ${quote(text)}`);
}
