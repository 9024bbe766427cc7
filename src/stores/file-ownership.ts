import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const stickyBit = 0o1000;
const groupWrites = 0o020;
const othersWrite = 0o002;

/** The parts of a file's status that the ownership check needs. */
interface FileStatus {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The user whose files are trusted, if no other group than these can write to them. */
export interface TrustedUser {
  readonly uid: number;
  readonly gids: readonly number[];
}

/** The user that this process acts as, or `undefined` on systems that have no such users (Windows). */
export function currentUser(): TrustedUser | undefined {
  const { geteuid, getegid, getgroups } = process;
  if (geteuid === undefined || getegid === undefined || getgroups === undefined) return undefined;
  return { uid: geteuid(), gids: [getegid(), ...getgroups()] };
}

/**
 * Finds the reason why sessions must not be read from this file, if any. A user who can write to the file can make
 * sessions of any account: a file planted in a shared folder would log its author in as an administrator.
 *
 * The file must belong to the user, and only the user and the user's groups may have write access. The same applies to
 * its folder, except that the folder may also belong to root, and may be writable by all if only owners can replace
 * files in it (as in `/tmp`). A file or folder that is missing or can't be inspected is no fault, because it can't be
 * read either.
 *
 * @returns a sentence for the operator without its full stop, or `undefined` when the file can be trusted
 */
export async function findOwnershipFault(path: string, user = currentUser()): Promise<string | undefined> {
  if (user === undefined) return undefined;
  const folder = dirname(path);
  const folderStatus = await statusOf(folder, stat);
  const folderFault = folderStatus === undefined ? undefined : faultOfFolder(folder, folderStatus, user);
  if (folderFault !== undefined) return folderFault;
  // Check the path itself first, which may be a link that another user planted, then the target of the link.
  for (const look of [lstat, stat]) {
    const status = await statusOf(path, look);
    const fault = status === undefined ? undefined : faultOfFile(path, status, user);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function faultOfFolder(path: string, status: FileStatus, user: TrustedUser): string | undefined {
  if (status.uid !== 0) {
    const fault = faultOfOwner(path, status, user);
    if (fault !== undefined) return fault;
  }
  const onlyOwnersReplace = (status.mode & stickyBit) !== 0;
  return onlyOwnersReplace ? undefined : faultOfWriters(path, status, user);
}

function faultOfFile(path: string, status: FileStatus, user: TrustedUser): string | undefined {
  return faultOfOwner(path, status, user) ?? (isLink(status) ? undefined : faultOfWriters(path, status, user));
}

function faultOfOwner(path: string, { uid }: FileStatus, user: TrustedUser): string | undefined {
  return uid === user.uid ? undefined : `${path} belongs to user ${uid}, but this process runs as user ${user.uid}`;
}

function faultOfWriters(path: string, { mode, gid }: FileStatus, { gids }: TrustedUser): string | undefined {
  const rights = (mode & 0o7777).toString(8).padStart(4, '0');
  if ((mode & othersWrite) !== 0) return `${path} can be written to by all users (mode ${rights})`;
  const isForeignGroup = (mode & groupWrites) !== 0 && !gids.includes(gid);
  return isForeignGroup
    ? `${path} can be written to by group ${gid}, of which this process is not a member`
    : undefined;
}

/** The system ignores the permissions of a symbolic link. */
function isLink({ mode }: FileStatus): boolean {
  return (mode & 0o170000) === 0o120000;
}

/** Resolves to `undefined` for a file that is missing or can't be inspected. */
function statusOf(path: string, look: (path: string) => Promise<FileStatus>): Promise<FileStatus | undefined> {
  return look(path).catch(() => undefined);
}
