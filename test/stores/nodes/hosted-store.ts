import { readFileSync } from 'node:fs';
import {
  Clock,
  type MemoryStoreOptions,
  memoryStore,
  SessionContext,
  type SessionContextOptions,
  type SessionStore,
  type StoreBinding,
  type Timer,
} from '../../../src/index.js';
import { RedisStore, type RedisStoreOptions, redisStore } from '../../../src/stores/redis/index.js';
import { SqliteStore, type SqliteStoreOptions, sqliteStore } from '../../../src/stores/sqlite/index.js';

/** The options of the store that nodes share. Only those of SQLite have a `path`. */
export type HostedOptions = RedisStoreOptions | SqliteStoreOptions;

/** The options of any store. The memory store belongs to one node. */
export type ServedOptions = HostedOptions | { readonly memory: MemoryStoreOptions };

/** A store that a node hosts. One process hosts many, because starting a process takes long. */
export interface HostedStore {
  readonly context: SessionContextOptions;
  readonly options: HostedOptions;
  /** Source of the time: Lua code for Redis, the path of a file for SQLite, `undefined` for the real time. */
  readonly timeSource: string | undefined;
}

export function storeOf({ context, options, timeSource }: HostedStore): SessionStore {
  const validated = new SessionContext(context);
  if (!('path' in options)) return new RedisStore(validated, options, timeSource);
  return new SqliteStore(validated, options, timeSource === undefined ? undefined : new FileClock(timeSource));
}

export function bindingOf(options: ServedOptions): StoreBinding {
  if ('memory' in options) return memoryStore(options.memory);
  return 'path' in options ? sqliteStore(options) : redisStore(options);
}

/** Reads the time from a file that the test writes and several processes read. */
class FileClock extends Clock {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  now(): number {
    return Number(readFileSync(this.#path, 'utf8'));
  }

  setTimer(): Timer {
    throw new Error('the store is expected to set no timer by this clock');
  }
}
