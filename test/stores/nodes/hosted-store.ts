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

/** Where the sessions are: SQLite is told by its path. */
export type HostedOptions = RedisStoreOptions | SqliteStoreOptions;

/** The same, or the memory of the node. */
export type ServedOptions = HostedOptions | { readonly memory: MemoryStoreOptions };

/** A store that a node hosts. One process hosts many, because starting a process takes long. */
export interface HostedStore {
  readonly context: SessionContextOptions;
  readonly options: HostedOptions;
  /** For Redis Lua that gives the time, for SQLite a file that holds it; `undefined` for the real time. */
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

/** Reads the time from a file, which several processes read and the test writes. */
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
