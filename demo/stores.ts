import { join } from 'node:path';
import { memoryStore, type StoreBinding } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { sqliteStore } from '../src/stores/sqlite/index.js';
import type { Configuration } from './configuration.js';

/** Returns the store of that name. Stores of different names share no sessions. */
export type Stores = (name: string) => StoreBinding;

/** The name of the store of the service that serves the routes without a policy. */
export const mainStore = 'sessions';

/** Returns stores in Redis if a Redis is configured; otherwise in database files, or in memory with snapshot files. */
export function storesOf({ redis: { url }, store, data }: Configuration): Stores {
  return (name) => {
    if (url !== undefined) return redisStore(name === mainStore ? { url } : { url, keyPrefix: `${name}:` });
    if (store === 'sqlite') return sqliteStore({ path: join(data, `${name}.db`) });
    return memoryStore({ snapshot: { path: join(data, `${name}.snapshot`) } });
  };
}

/** Returns stores that the processes of one machine can share: in Redis if it is configured, otherwise in database files. */
export function sharedStoresOf(configuration: Configuration): Stores {
  return storesOf({ ...configuration, store: 'sqlite' });
}
