import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { memoryStore, type StoreBinding, startSessions } from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { findProgram } from '../proxies/proxy.js';
import { limits } from '../support/limits.js';
import { RedisServer } from '../support/redis-server.js';
import { codeBlocks } from './pages.js';

const run = promisify(execFile);
const [sqliteCommand = '', redisCommand = ''] = codeBlocks('docs/operations.md', ['sh']).map(({ text }) => text);

async function newFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'session-mailbox-backup-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs a command of the page with the paths of the test. */
async function runCommand(command: string, places: Readonly<Record<string, string>>): Promise<void> {
  let text = command;
  for (const [place, own] of Object.entries(places)) {
    if (!text.includes(place)) throw new Error(`the command of the page has no ${place}: ${command}`);
    text = text.replaceAll(place, own);
  }
  await run('sh', ['-c', text]);
}

/** The parts of the test that differ between the stores. */
interface Scene {
  readonly before: StoreBinding;
  /** Makes the backup, while the service runs or, if `isStoppedForBackup`, after it has stopped. */
  backUp(): Promise<void>;
  /** Restores the backup after the service has stopped. @returns the store to open */
  restore(): Promise<StoreBinding>;
  readonly isStoppedForBackup: boolean;
  /** Whether a client that has no newer messages than the backup receives `reset`, too. */
  readonly tellsEveryReader: boolean;
}

/**
 * Checks the state after a restore. A session that was logged out after the backup is valid again. One of two clients has newer
 * messages than the backup; the other has not.
 */
async function checkRestore(t: ExecutionContext, scene: Scene): Promise<void> {
  t.timeout(limits.test);
  let service = await startSessions({}, scene.before);
  const ahead = await service.sessions.createSession('ahead');
  const behind = await service.sessions.createSession('behind');
  const out = await service.sessions.createSession('out');
  for (const { id } of [ahead, behind]) await service.sessions.push(id, 'early');
  const place = await service.sessions.poll(behind.id, { after: '' });
  await service.sessions.poll(ahead.id, { after: '' });
  if (scene.isStoppedForBackup) await service.stop();
  await scene.backUp();
  if (scene.isStoppedForBackup) service = await startSessions({}, scene.before);
  const { sessions } = service;
  for (const { id } of [ahead, behind]) await sessions.push(id, 'late');
  const further = await sessions.poll(ahead.id, { after: '' });
  await sessions.closeSession(out.id, 'logout');
  const late = await sessions.createSession('late');
  await service.stop();

  const restored = await startSessions({}, await scene.restore());
  t.teardown(restored.stop);
  t.is((await restored.sessions.authenticate(out.token)).id, out.id, 'what was logged out since is valid again');
  await t.throwsAsync(restored.sessions.authenticate(late.token), { code: 'SESSION_UNKNOWN' });
  t.true((await restored.sessions.poll(ahead.id, { after: further.cursor, wait: 0 })).reset);
  const { reset = false } = await restored.sessions.poll(behind.id, { after: place.cursor, wait: 0 });
  t.is(reset, scene.tellsEveryReader);
  t.is(await restored.sessions.closeApp(), 3);
}

test('a restored snapshot has the sessions that were logged out since, and a client with newer messages receives a reset', async (t) => {
  const folder = await newFolder(t);
  const path = join(folder, 'sessions.snapshot');
  const copy = join(folder, 'backup');
  await checkRestore(t, {
    before: memoryStore({ snapshot: { path } }),
    isStoppedForBackup: true,
    tellsEveryReader: false,
    backUp: () => cp(path, copy),
    async restore() {
      await rm(path);
      await cp(copy, path);
      return memoryStore({ snapshot: { path } });
    },
  });
});

const isSqliteMissing = findProgram('sqlite3') === undefined;

// The command-line program of SQLite is a separate package.
(isSqliteMissing ? test.skip : test)(
  `${isSqliteMissing ? 'skipped, no sqlite3 here: ' : ''}a backup of a database in use can be restored`,
  async (t) => {
    const folder = await newFolder(t);
    const path = join(folder, 'data', 'sessions.db');
    await checkRestore(t, {
      before: sqliteStore({ path }),
      isStoppedForBackup: false,
      tellsEveryReader: false,
      backUp: () => runCommand(sqliteCommand, { '/var/lib/sessions/sessions.db': path, '/backup': folder }),
      async restore() {
        for (const ending of ['', '-wal', '-shm']) await rm(`${path}${ending}`, { force: true });
        await cp(join(folder, 'sessions.db'), path);
        return sqliteStore({ path });
      },
    });
  },
);

const isRedisToolMissing = findProgram('redis-cli') === undefined;

// redis-cli is in a separate package, too.
(isRedisToolMissing ? test.skip : test)(
  `${isRedisToolMissing ? 'skipped, no redis-cli here: ' : ''}a dump of Redis can be restored, and every reader receives a reset`,
  async (t) => {
    const folder = await newFolder(t);
    const server = await RedisServer.start();
    t.teardown(() => server.stop());
    await checkRestore(t, {
      before: redisStore({ url: server.url }),
      isStoppedForBackup: false,
      tellsEveryReader: true,
      backUp: () => runCommand(redisCommand, { '6379': String(server.port), '/backup': folder }),
      async restore() {
        const dir = join(folder, 'restored');
        await mkdir(dir);
        await cp(join(folder, 'sessions.rdb'), join(dir, 'sessions.rdb'));
        const other = await RedisServer.start({ dir, dbfilename: 'sessions.rdb' });
        t.teardown(() => other.stop());
        return redisStore({ url: other.url });
      },
    });
  },
);
