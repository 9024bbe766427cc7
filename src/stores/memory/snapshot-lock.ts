import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { SessionError } from '../../errors/session-error.js';

/**
 * A lock on a snapshot, which dies with its process, however that ends: a socket that listens under a name of its own beside the
 * file. The system refuses connections to a socket whose process is gone, so a name that was left behind blocks no other, and
 * no number of a process is compared with one that is another's by now.
 *
 * Who wants the lock shows its socket first and then looks for others. So of two that start at once at least one sees the
 * other, and gives up; it may be both. A socket gets the name by which others see it only when it listens already.
 *
 * Sockets with names in the file system are found from every container that shares the folder, unlike those of Linux's
 * abstract namespace. Between machines that share a folder there is no lock. On Windows it is a named pipe.
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
   * Creates the folder of the snapshot if it is missing, for this user alone.
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
  // The name of a socket may have about a hundred characters. By its descriptor a folder has a short one on Linux.
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

/** A server that accepts and ends every connection, and does not keep the process alive. */
function listen(name: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', reject);
    server.listen(name, () => resolve(server));
    server.unref();
  });
}

/** Also of a process that is stopped: the system accepts for it. */
function isListening(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(name);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Any other error, such as that too many are waiting, comes from a socket that is alive.
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
