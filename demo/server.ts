import 'reflect-metadata';
import { join } from 'node:path';
import { memoryStore, type StoreBinding, stopOnSignals } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { sqliteStore } from '../src/stores/sqlite/index.js';
import { Application } from './application.js';
import { type Configuration, readConfiguration } from './configuration.js';

/** Redis if one is configured; else a database file, or the memory of this process with a snapshot file. */
function storeOf({ redis, store, data }: Configuration): StoreBinding {
  if (redis.url !== undefined) return redisStore({ url: redis.url });
  if (store === 'sqlite') return sqliteStore({ path: join(data, 'sessions.db') });
  return memoryStore({ snapshot: { path: join(data, 'sessions.snapshot') } });
}

const configuration = await readConfiguration();
const application = new Application(configuration, storeOf(configuration));
// Before the first await: a restored snapshot exists only in memory, and a signal during the start must not lose it.
stopOnSignals(() => application.stop());
console.log(`session-mailbox demo: ${await application.listen()}`);
