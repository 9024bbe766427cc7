import { randomBytes } from 'node:crypto';
import { accessSync, constants, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { delimiter, join, resolve } from 'node:path';
import { DemoChild } from './child-process.js';

const programs = ['redis-server', 'valkey-server'];

/** A Redis that the demo has started on a free port of the loopback interface. */
export interface DemoRedis {
  readonly port: number;
  /** The URL, with the password. */
  readonly url: string;
  readonly child: DemoChild;
}

/**
 * Starts a Redis that appends every write to a file, so that sessions outlive a restart. Resolves when it accepts
 * commands.
 * @param former the same Redis before it was stopped. Its port and password are used again, because the clients know them
 */
export async function startRedis(data: string, former?: DemoRedis): Promise<DemoRedis> {
  const program = findProgram();
  const folder = resolve(data, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const pidFile = join(folder, 'redis.pid');
  requireUnused(pidFile);
  const port = former?.port ?? (await freePort());
  const settings = {
    bind: '127.0.0.1',
    port: String(port),
    dir: folder,
    pidfile: pidFile,
    appendonly: 'yes',
    save: '',
    logfile: '',
  };
  // Require a password, because other users of the machine can connect to the port. They can see arguments, but not this file.
  const password = former === undefined ? randomBytes(24).toString('base64url') : new URL(former.url).password;
  const secrets = join(folder, 'redis.conf');
  rmSync(secrets, { force: true });
  writeFileSync(secrets, `requirepass ${password}\n`, { mode: 0o600, flag: 'wx' });
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = new DemoChild('redis', program, [secrets, ...args]);
  await child.outputMatching(/Ready to accept connections/);
  return { port, url: `redis://:${password}@127.0.0.1:${port}`, child };
}

/** Throws if a Redis already uses the folder: two servers that append to the same file would damage it. */
function requireUnused(pidFile: string): void {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
    process.kill(pid, 0);
  } catch {
    return;
  }
  throw new Error(`Another Redis (process ${pid}) uses this folder; if there is none, remove ${pidFile}`);
}

function findProgram(): string {
  const { REDIS_SERVER, PATH = '' } = process.env;
  if (REDIS_SERVER !== undefined && REDIS_SERVER !== '') return REDIS_SERVER;
  for (const name of programs) {
    for (const folder of PATH.split(delimiter)) {
      if (isExecutable(join(folder, name))) return name;
    }
  }
  throw new Error(
    'Neither redis-server nor valkey-server is on the PATH: install one (Debian: apt-get install redis-server), ' +
      'name one in REDIS_SERVER, or set REDIS_URL',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
