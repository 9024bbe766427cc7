import { parentPort, workerData } from 'node:worker_threads';
import { loadDriver } from '../driver/driver.js';
import { checkpoint } from './checkpoint.js';
import type { CheckpointOrder, CheckpointReport } from './checkpoint-thread.js';

/** Milliseconds that a checkpoint waits for locks. Here it blocks only this thread. */
const lockPatience = 1_000;

/** The thread that copies the write-ahead log into the database, over a connection of its own. */
async function serve(path: string): Promise<void> {
  const database = (await loadDriver()).open(path);
  database.exec(`PRAGMA busy_timeout = ${lockPatience}; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0`);
  parentPort?.on('message', (order: CheckpointOrder) => {
    if (order.kind === 'close') {
      database.close();
      parentPort?.close();
      return;
    }
    parentPort?.postMessage(report(() => checkpoint(database, order.mode)));
  });
}

function report(action: () => CheckpointReport): CheckpointReport {
  try {
    return action();
  } catch {
    // The transactions of the main thread meet the same fault, and tell of it. The log only grows meanwhile.
    return { isBusy: true, frames: 0, copied: 0 };
  }
}

await serve(String(workerData));
