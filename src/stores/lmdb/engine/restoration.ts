import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type FlushRecord, readRecords, removeRecord, syncDirectory } from './flush-record.js';
import { isRunning } from './is-running.js';

/** How long another process may take to restore before it is waited for no longer. Milliseconds. */
const patience = 10_000;
const pause = 20;

/**
 * After the machine went down while the environment was in use under `interval`: goes back to the last state that is
 * known to be on the disk as a whole. Pages written since may be there or not; none of them is of that state.
 *
 * The newest of all records is the one to go back to. No page of its state was written over: whoever wrote had a
 * record of its own that is no newer, whose state it held on to, and with it all that came later.
 *
 * @param boot this run of the operating system
 */
export function restoreFlushed(path: string, boot: string): void {
  if (readRecords(path).length === 0) return;
  const release = takeTurn(path, boot);
  try {
    const records = readRecords(path);
    // Of this run: whatever was written is in the system's memory, if it is not on the disk.
    if (records.length === 0 || records.some((record) => record.boot === boot)) return;
    const newest = records.reduce((one, other) => (other.meta.transaction > one.meta.transaction ? other : one));
    putBack(path, newest);
    for (const { node } of records) removeRecord(path, node);
    syncDirectory(path);
  } finally {
    release();
  }
}

function putBack(path: string, { meta }: FlushRecord): void {
  const place = (meta.transaction & 1) === 0 ? 0 : 1;
  const file = openSync(join(path, 'data.mdb'), 'r+');
  try {
    const other = place === 0 ? 1 : 0;
    writeSync(file, meta.movedTo(other, meta.transaction - 1), 0, meta.pageSize, other * meta.pageSize);
    writeSync(file, meta.movedTo(place, meta.transaction), 0, meta.pageSize, place * meta.pageSize);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** One process at a time. @returns lets the next one */
function takeTurn(path: string, boot: string): () => void {
  const turn = join(path, 'restoring');
  const giveUpAt = Date.now() + patience;
  for (;;) {
    try {
      const file = openSync(turn, 'wx', 0o600);
      writeSync(file, `${process.pid} ${boot}`);
      closeSync(file);
      return () => rmSync(turn, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      if (isAbandoned(turn, boot)) rmSync(turn, { force: true });
      else if (Date.now() > giveUpAt) throw new Error(`Another process does not finish restoring ${path}`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}

/** Its process is gone, or it was of an earlier run of the system. */
function isAbandoned(turn: string, boot: string): boolean {
  try {
    const [pid, itsBoot] = readFileSync(turn, 'utf8').split(' ');
    // One that was only just made says nothing yet.
    return itsBoot !== undefined && (itsBoot !== boot || !isRunning(Number(pid)));
  } catch {
    return false;
  }
}
