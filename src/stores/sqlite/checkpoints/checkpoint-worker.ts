import { parentPort, workerData } from 'node:worker_threads';
import { loadDriver } from '../driver/driver.js';
import { checkpoint } from './checkpoint.js';
import { type CheckpointOrder, type CheckpointReport, type CheckpointSettings, cells } from './checkpoint-thread.js';

/** Milliseconds for which a checkpoint waits for locks. This blocks only the thread, and the exit of the process. */
const lockPatience = 500;
const nothingDone: CheckpointReport = { isBusy: true, frames: 0, copied: 0 };

/** The thread that copies the write-ahead log into the database, over its own connection. */
async function serve({ path, state }: CheckpointSettings): Promise<void> {
  const shared = new Int32Array(state);
  const driver = await loadDriver();
  const database = atWork(shared, () => driver.open(path));
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

/** Calls SQLite, unless the process is about to exit. */
function atWork<Result>(shared: Int32Array, action: () => Result): Result | undefined {
  Atomics.store(shared, cells.busy, 1);
  try {
    return Atomics.load(shared, cells.ended) === 1 ? undefined : action();
  } finally {
    Atomics.store(shared, cells.busy, 0);
    Atomics.notify(shared, cells.busy);
  }
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
