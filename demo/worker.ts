import 'reflect-metadata';
import { Application } from './application.js';
import { readConfiguration } from './configuration.js';
import { Operations } from './operations/operations.js';
import { sharedStoresOf } from './stores.js';

// One of the processes that serve the same port; see workers.ts.

/** Operations of a worker. The primary replaces all workers one after the other on request, and a killed worker immediately. */
class WorkerOperations extends Operations {
  override readonly startedBy = 'start:cluster';
  override readonly restarts = 0;

  override readonly redis = undefined;

  override restart(): void {
    process.send?.('reload');
  }

  override readonly killWorker = () => {
    process.kill(process.pid, 'SIGKILL');
  };
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
 * Resolves when the primary hands no more connections to this worker, which has stopped listening. The cluster module of this
 * process returns a connection that is still on its way to the primary, for another worker. The process must not exit before.
 */
function lastConnection(): Promise<void> {
  return new Promise((resolve) => {
    process.on('message', (message) => {
      if (message === 'closed') resolve();
    });
    process.send?.('closed');
  });
}

// Ignore these signals: the terminal sends them to the primary as well, and the primary decides when the workers stop.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});

const configuration = await readConfiguration();
const application = new Application(configuration, sharedStoresOf(configuration), new WorkerOperations());
process.on('SIGTERM', () => exitAfter(application.stop()));
process.on('message', (message) => {
  if (message === 'retire') exitAfter(application.retire(lastConnection));
});
process.send?.({ url: await application.listen() });
