import type { ExecutionContext } from 'ava';
import type { LmdbStoreOptions } from '../../../src/stores/lmdb/index.js';
import { freshDirectory, removeDirectory } from './create-lmdb-store.js';

/** A directory that goes with the test, once all that use it are gone. */
export async function freshPlace(t: ExecutionContext): Promise<LmdbStoreOptions> {
  const path = await freshDirectory();
  t.teardown(() => removeDirectory(path));
  return { path };
}
