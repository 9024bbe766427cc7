import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { SessionError } from '../../errors/session-error.js';

/**
 * A lock on a snapshot: a socket that listens under a unique name in the folder of the file. The lock ends with its
 * process, however the process ends. The system refuses connections to a socket whose process has ended. Therefore a
 * leftover name blocks no other process, and no process ids are compared, which the system may have reused.
 *
 * A process that wants the lock makes its own socket visible first, and then looks for other sockets. If two processes
 * start at the same time, at least one sees the other and gives up; possibly both do. A socket already listens when it
 * gets the name by which others find it.
 *
 * Sockets with names in the file system are visible in every container that shares the folder, unlike sockets in the
 * abstract namespace of Linux. Machines that share a folder do not see each other's locks. Windows uses a named pipe.
 */
export class SnapshotLock {
  readonly #server: Server;
  /** The name of the socket in the file system; `undefined` on Windows. */
  readonly #name: string | undefined;

  private constructor(server: Server, name: string | undefined) {
    this.#server = server;
    this.#name = name;
  }

  /**
   * Acquires the lock. Creates the folder of the snapshot if it is missing, accessible to this user only.
   * @throws SessionError `STORE_UNAVAILABLE` when another process has the lock
   */
  static async acquire(path: string): Promise<SnapshotLock> {
    const folder = dirname(path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const lock = process.platform === 'win32' ? await acquirePipe(path) : await acquireSocket(folder, path);
    if (lock === undefined) throw inUse(path);
    return new SnapshotLock(lock.server, lock.name);
  }

  async release(): Promise<void> {
    if (this.#name !== undefined) await rm(this.#name, { force: true });
    await closed(this.#server);
  }
}

interface Acquired {
  readonly server: Server;
  readonly name: string | undefined;
}

async function acquireSocket(folder: string, path: string): Promise<Acquired | undefined> {
  // A socket's path is limited to about a hundred characters. On Linux, a folder has a short path by its descriptor.
  const handle = await open(folder, 'r');
  try {
    const short = process.platform === 'linux' ? `/proc/self/fd/${handle.fd}` : folder;
    const prefix = `${basename(path)}.lock-`;
    const own = `${prefix}${randomBytes(6).toString('hex')}`;
    const hidden = `.${own}`;
    const server = await listen(join(short, hidden));
    await rename(join(folder, hidden), join(folder, own));
    const others = (await readdir(folder)).filter((name) => name.startsWith(prefix) && name !== own);
    for (const other of others) {
      if (await isListening(join(short, other))) {
        await rm(join(folder, own), { force: true });
        await closed(server);
        return undefined;
      }
      await rm(join(folder, other), { force: true });
    }
    return { server, name: join(folder, own) };
  } finally {
    await handle.close();
  }
}

async function acquirePipe(path: string): Promise<Acquired | undefined> {
  const place = join(await realpath(dirname(path)), basename(path)).toLowerCase();
  const digest = createHash('sha256').update(place).digest('hex');
  try {
    return { server: await listen(`\\\\?\\pipe\\session-mailbox-${digest}`), name: undefined };
  } catch (error) {
    if (codeOf(error) === 'EADDRINUSE') return undefined;
    throw error;
  }
}

/** Resolves to a server that accepts and ends every connection, and does not keep the process alive. */
function listen(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(name, () => resolve(server));
    server.unref();
  });
}

/** Checks whether a process listens. True also for a process that is stopped (SIGSTOP): the system accepts for it. */
function isListening(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Any other error, such as that of a full backlog, is a sign that a process listens.
    socket.once('error', (error) => resolve(!['ECONNREFUSED', 'ENOENT'].includes(codeOf(error))));
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function inUse(path: string): SessionError {
  const advice = 'Give each process a file of its own, or use sqliteStore, whose file processes share';
  return new SessionError(
    'STORE_UNAVAILABLE',
    `The session snapshot ${path} is in use by another process. ${advice}`,
    {},
  );
}
