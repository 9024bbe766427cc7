import { statSync } from 'node:fs';

/** Identifies a file of this machine, whatever its path. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** Returns the identity of the file that is at the path now, or `undefined` if there is none. Opens nothing. */
export function identityOf(path: string): FileIdentity | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { device: stats.dev, inode: stats.ino };
}

/**
 * Checks that the file at the path is still the file with that identity.
 * @throws Error that says what happened
 */
export function requireSameFile(path: string, identity: FileIdentity | undefined): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`${path} was removed or moved while it was in use: restart this process`);
  if (stats.ino === identity?.inode && stats.dev === identity.device) return;
  throw new Error(`${path} was replaced by another file while it was in use: restart this process`);
}
