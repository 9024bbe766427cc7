import { resolve } from 'node:path';
import * as v from 'valibot';
import {
  type CheckedOptions,
  checkOptions,
  nonEmptyText,
  type OptionsInput,
  oneOf,
  wholeNumber,
} from '../../validation/options.js';

const pathRule = 'must be the path of a file';

const known = {
  path: v.pipe(
    nonEmptyText(pathRule),
    v.check((path) => !path.includes('\0'), pathRule),
  ),
  durability: v.optional(oneOf(['commit', 'interval']), 'commit'),
  syncInterval: v.optional(wholeNumber(10, 60_000), 1_000),
  lookInterval: v.optional(wholeNumber(10, 60_000), 250),
  lockTimeout: v.optional(wholeNumber(100, 600_000), 5_000),
};

/** Options of `sqliteStore`. */
export interface SqliteStoreOptions extends OptionsInput<typeof known> {
  /**
   * The path of the database file, on a local disk. SQLite keeps two more files next to it, `-wal` and `-shm`. If the
   * file or its directory is missing, it is created, accessible to this user only. Processes that use the same path
   * share the sessions.
   */
  readonly path: string;
  /**
   * `commit`: acknowledged changes are on the disk, and survive a loss of power. `interval`: acknowledged changes are
   * with the operating system, and survive the end of this process and of all others, however they end. They are on the
   * disk at most `syncInterval` later. Default `commit`.
   */
  readonly durability?: 'commit' | 'interval';
  /** For `interval`: milliseconds from one sync to the next, from 10 to 60 000. Default 1 000. */
  readonly syncInterval?: number;
  /**
   * Milliseconds between two looks for changes of other processes, from 10 to 60 000. It matters only if the operating
   * system did not report a change of the file. Default 250.
   */
  readonly lookInterval?: number;
  /**
   * Milliseconds after which a write fails with `STORE_UNAVAILABLE` because another process holds the lock of the
   * database and does not release it, from 100 to 600 000. Default 5 000.
   */
  readonly lockTimeout?: number;
}

export type SqliteSettings = CheckedOptions<typeof known>;

/** @throws SessionError `INVALID_CONTEXT` */
export function checkSqliteOptions(options: SqliteStoreOptions): SqliteSettings {
  const settings = checkOptions({ front: 'sqliteStore', known }, options);
  return { ...settings, path: resolve(settings.path) };
}
