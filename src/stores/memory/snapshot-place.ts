import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SessionError } from '../../errors/session-error.js';

/**
 * Creates the folder of the snapshot if it is missing, accessible to this user only, and writes an empty file there.
 * Otherwise the service would notice only when it stops that its sessions can't be kept.
 * @throws SessionError `STORE_UNAVAILABLE`
 */
export async function requireWritable(path: string): Promise<void> {
  // A name that no other process uses, because nothing is locked yet. It is as long as that of the `.partial` file.
  const trial = `${path}.${randomBytes(4).toString('hex').slice(1)}`;
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(trial, '', { flag: 'wx', mode: 0o600 });
    await rm(trial);
  } catch (error) {
    throw unusable(path, error);
  }
}

/** Returns the error for a path at which no snapshot can be read or written. Its content, if any, may be sound. */
export function unusable(path: string, cause: unknown): SessionError<'STORE_UNAVAILABLE'> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SessionError('STORE_UNAVAILABLE', `The session snapshot ${path} can't be used: ${reason}`, {}, { cause });
}

/** Whether the system refused access. A fault of the medium (`EIO`) is different: then the content is damaged. */
export function isRefusedAccess(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && 'code' in error && error.code !== 'EIO';
}
