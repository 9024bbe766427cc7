import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { readNewestMeta } from './meta-page.js';

/** Bytes written at a time. */
const chunkSize = 1_048_576;

/**
 * Looks at the head of the data file before LMDB maps it: what is no environment would end the process there rather
 * than fail. The lock file is left alone: to open and close it would let go of locks that this process may have on it.
 *
 * @throws Error
 */
export function inspectDataFile(path: string): void {
  const file = openOrNothing(`${path}/data.mdb`);
  if (file === undefined) return;
  try {
    // Made, and never written to: by a process that was killed just then.
    if (fstatSync(file).size === 0) return;
    const { lastPage, pageSize } = readNewestMeta(file);
    // Looked at behind that page: another process may be at work, and has written what it tells of before it.
    const missing = (lastPage + 1) * pageSize - fstatSync(file).size;
    // Pages that were given up before they were ever written may be missing at the end. If they are not, LMDB finds
    // empty pages there and says so, where it would crash beyond the end of the file.
    if (missing > 0) lengthen(file, missing);
  } finally {
    closeSync(file);
  }
}

/** By writing behind the end, wherever that is by now: to set a length could cut off what others have just written. */
function lengthen(file: number, bytes: number): void {
  const zeros = Buffer.alloc(Math.min(bytes, chunkSize));
  for (let left = bytes; left > 0; left -= chunkSize) writeSync(file, zeros, 0, Math.min(left, chunkSize));
}

function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
