import { readFileSync } from 'node:fs';
import {
  Clock,
  SessionContext,
  type SessionContextOptions,
  type SessionStore,
  type StoreBinding,
  type Timer,
} from '../../../src/index.js';
import { LmdbStore, type LmdbStoreOptions, lmdbStore } from '../../../src/stores/lmdb/index.js';
import { RedisStore, type RedisStoreOptions, redisStore } from '../../../src/stores/redis/index.js';

/** Where the sessions are: those of LMDB are known by their path. */
export type HostedOptions = RedisStoreOptions | LmdbStoreOptions;

/** What a node is to host: one store of many, because a process of its own for each would take too long. */
export interface HostedStore {
  readonly context: SessionContextOptions;
  readonly options: HostedOptions;
  /** For Redis Lua that tells the time, for LMDB a file that holds it; `undefined` for the real one. */
  readonly timeSource: string | undefined;
}

export function storeOf({ context, options, timeSource }: HostedStore): SessionStore {
  const validated = new SessionContext(context);
  if (!('path' in options)) return new RedisStore(validated, options, timeSource);
  return new LmdbStore(validated, options, timeSource === undefined ? undefined : new FileClock(timeSource));
}

export function bindingOf(options: HostedOptions): StoreBinding {
  return 'path' in options ? lmdbStore(options) : redisStore(options);
}

/** The time in a file, which several processes read and one turns by hand. */
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
