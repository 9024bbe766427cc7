import { parentPort, workerData } from 'node:worker_threads';
import type { Database } from '../driver/database.js';
import { loadDriver } from '../driver/driver.js';
import { checkpoint } from './checkpoint.js';
import { type CheckpointOrder, type CheckpointReport, type CheckpointSettings, cells } from './checkpoint-thread.js';

/** Milliseconds for which a checkpoint waits for locks. This blocks only the thread, and the exit of the process. */
const lockPatience = 500;
const nothingDone: CheckpointReport = { isBusy: true, frames: 0, copied: 0 };

/** The thread that copies the write-ahead log into the database, over its own connection. */
async function serve({ path, state }: CheckpointSettings): Promise<void> {
  const shared = new Int32Array(state);
  const database = await opened(path, shared);
  if (database === undefined) return;
  atWork(shared, () => {
    database.exec(`PRAGMA busy_timeout = ${lockPatience}; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0`);
  });
  parentPort?.on('message', (order: CheckpointOrder) => {
    if (order.kind === 'close') {
      atWork(shared, () => database.close());
      parentPort?.close();
      return;
    }
    parentPort?.postMessage(atWork(shared, () => report(() => checkpoint(database, order.mode))) ?? nothingDone);
  });
}

/** Loads the library and opens the database, unless the process is about to exit. */
async function opened(path: string, shared: Int32Array): Promise<Database | undefined> {
  try {
    return mayWork(shared) ? (await loadDriver()).open(path) : undefined;
  } finally {
    rest(shared);
  }
}

/** Calls SQLite, unless the process is about to exit. */
function atWork<Result>(shared: Int32Array, action: () => Result): Result | undefined {
  try {
    return mayWork(shared) ? action() : undefined;
  } finally {
    rest(shared);
  }
}

/** Keeps the process from exiting until `rest`. @returns false if it is about to exit already */
function mayWork(shared: Int32Array): boolean {
  Atomics.store(shared, cells.busy, 1);
  return Atomics.load(shared, cells.ended) === 0;
}

function rest(shared: Int32Array): void {
  Atomics.store(shared, cells.busy, 0);
  Atomics.notify(shared, cells.busy);
}

function report(action: () => CheckpointReport): CheckpointReport {
  try {
    return action();
  } catch {
    // The transactions of the main thread meet the same fault and report it. Until then the log only grows.
    return nothingDone;
  }
}

const settings: CheckpointSettings = workerData;
await serve(settings);
