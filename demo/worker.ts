import 'reflect-metadata';
import { join } from 'node:path';
import type { StoreBinding } from '../src/index.js';
import { redisStore } from '../src/stores/redis/index.js';
import { sqliteStore } from '../src/stores/sqlite/index.js';
import { Application } from './application.js';
import { type Configuration, readConfiguration } from './configuration.js';

// One of the processes that serve the same port; see workers.ts.

/** Shared by all workers of this machine; a Redis by those of other machines as well. */
function storeOf({ redis, data }: Configuration): StoreBinding {
  return redis.url === undefined ? sqliteStore({ path: join(data, 'sessions.db') }) : redisStore({ url: redis.url });
}

function exitAfter(ending: Promise<void>): void {
  ending.then(
    () => process.exit(0),
    (error) => {
      console.error('Stopping failed:', error);
      process.exit(1);
    },
  );
}

/**
 * Resolves when the primary hands no more connections to this worker, which has stopped listening. A connection that is on its
 * way is given back to the primary, for another worker, by the cluster module of this process: it must not exit before.
 */
function lastConnection(): Promise<void> {
  return new Promise((resolve) => {
    process.on('message', (message) => {
      if (message === 'closed') resolve();
    });
    process.send?.('closed');
  });
}

// The terminal sends these signals to the primary as well, which decides when the workers stop.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

const configuration = await readConfiguration();
const application = new Application(configuration, storeOf(configuration));
process.on('SIGTERM', () => exitAfter(application.stop()));
process.on('message', (message) => {
  if (message === 'retire') exitAfter(application.retire(lastConnection));
});
process.send?.({ url: await application.listen() });
