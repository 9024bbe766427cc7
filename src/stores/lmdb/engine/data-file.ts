import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs';
import { readNewestMeta } from './meta-page.js';

/**
 * Looks at the head of the data file before LMDB maps it: what is no environment would end the process there rather
 * than fail. The lock file is left alone: to open and close it would let go of locks that this process may have on it.
 *
 * @returns whether there is an environment
 * @throws Error
 */
export function inspectDataFile(path: string): boolean {
  const file = openOrNothing(`${path}/data.mdb`);
  if (file === undefined) return false;
  try {
    const { size } = fstatSync(file);
    // Made, and never written to: by a process that was killed just then.
    if (size === 0) return false;
    const { lastPage, pageSize } = readNewestMeta(file);
    const needed = (lastPage + 1) * pageSize;
    // Pages that were given up before they were ever written may be missing at the end. If they are not, LMDB finds
    // empty pages there and says so, where it would crash beyond the end of the file.
    if (needed > size) ftruncateSync(file, needed);
    return true;
  } finally {
    closeSync(file);
  }
}

function openOrNothing(path: string): number | undefined {
  try {
    return openSync(path, 'r+');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
