import type { Driver } from '../driver/database.js';
import type { FileIdentity } from './file-identity.js';

interface Use {
  readonly library: unknown;
  count: number;
}

/** Shared by all copies of this package that the process has loaded. */
const registryKey = Symbol.for('session-mailbox.sqlite.open-files');

function isRegistry(value: unknown): value is Map<string, Use> {
  return value instanceof Map;
}

function registry(): Map<string, Use> {
  const found: unknown = Reflect.get(globalThis, registryKey);
  if (isRegistry(found)) return found;
  const made = new Map<string, Use>();
  Reflect.set(globalThis, registryKey, made);
  return made;
}

/**
 * Notes that this process uses the file through that SQLite library. A process drops all its POSIX locks on a file when
 * any part of it closes the file, and a SQLite library guards only against itself: through two libraries, or two copies
 * of one, two connections of one process would not keep each other out, and transactions would be lost.
 *
 * @returns ends the use
 * @throws Error when another library has the file open in this process
 */
export function noteUse({ device, inode }: FileIdentity, { library }: Driver): () => void {
  const uses = registry();
  const key = `${device}:${inode}`;
  const use = uses.get(key) ?? { library, count: 0 };
  if (use.library !== library) {
    throw new Error('another copy of the SQLite library has it open in this process: install the library once');
  }
  uses.set(key, use);
  use.count += 1;
  let isEnded = false;
  return () => {
    if (isEnded) return;
    isEnded = true;
    use.count -= 1;
    if (use.count === 0) uses.delete(key);
  };
}
