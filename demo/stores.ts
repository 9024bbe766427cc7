import { join } from 'node:path';
import { memoryStore, type StoreBinding } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { sqliteStore } from '../src/stores/sqlite/index.js';
import type { Configuration } from './configuration.js';

/** Gives the store of that name: services of other names share none of its sessions. */
export type Stores = (name: string) => StoreBinding;

/** The name of the store of the service that serves the routes without a policy. */
export const mainStore = 'sessions';

/** Redis if one is configured; else a database file, or the memory of this process with a snapshot file. */
export function storesOf({ redis: { url }, store, data }: Configuration): Stores {
  return (name) => {
    if (url !== undefined) return redisStore(name === mainStore ? { url } : { url, keyPrefix: `${name}:` });
    if (store === 'sqlite') return sqliteStore({ path: join(data, `${name}.db`) });
    return memoryStore({ snapshot: { path: join(data, `${name}.snapshot`) } });
  };
}

/** Stores that the processes of one machine share: a Redis, else database files. */
export function sharedStoresOf(configuration: Configuration): Stores {
  return storesOf({ ...configuration, store: 'sqlite' });
}
