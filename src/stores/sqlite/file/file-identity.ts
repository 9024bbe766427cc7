import { statSync } from 'node:fs';

/** Tells a file from any other of this machine, whatever its path. */
export interface FileIdentity {
  readonly device: number;
  readonly inode: number;
}

/** Of the file that is at the path now; `undefined` when there is none. Opens nothing. */
export function identityOf(path: string): FileIdentity | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : { device: stats.dev, inode: stats.ino };
}

/**
 * Whether the file at the path is still that one.
 * @throws Error that says what happened
 */
export function requireSameFile(path: string, { device, inode }: FileIdentity): void {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new Error(`${path} was removed or moved while it was in use: restart this process`);
  if (stats.ino === inode && stats.dev === device) return;
  throw new Error(`${path} was replaced by another file while it was in use: restart this process`);
}
