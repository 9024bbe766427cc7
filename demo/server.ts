import 'reflect-metadata';
import { join } from 'node:path';
import { memoryStore, type StoreBinding, stopOnSignals } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { Application } from './application.js';
import { type Configuration, readConfiguration } from './configuration.js';

/** All that differs between one process and many. */
function storeOf({ redis, data }: Configuration): StoreBinding {
  if (redis.url !== undefined) return redisStore({ url: redis.url });
  return memoryStore({ snapshot: { path: join(data, 'sessions.snapshot') } });
}

const configuration = await readConfiguration();
const application = new Application(configuration, storeOf(configuration));
// Before anything is awaited: once restored, sessions are nowhere but in memory, and a signal must not lose them.
stopOnSignals(() => application.stop());
console.log(`session-mailbox demo: ${await application.listen()}`);
