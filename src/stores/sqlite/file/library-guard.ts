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
 * Registers that this process uses the file through that SQLite library. A process loses all its POSIX locks on a file
 * when any code in it closes the file, and a SQLite library guards only against its own closes. If one process used two
 * libraries, or two copies of one, their connections would not exclude each other, and transactions would be lost.
 *
 * @returns a function that ends the use
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
