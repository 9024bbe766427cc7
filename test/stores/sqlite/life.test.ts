import { execFile } from 'node:child_process';
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { loadDriver } from '../../../src/stores/sqlite/driver/driver.js';
import { SqliteStore, type SqliteStoreOptions } from '../../../src/stores/sqlite/index.js';
import { eventually } from '../../support/eventually.js';
import { programFile } from '../../support/program.js';
import { freshPath } from './create-sqlite-store.js';
import { openedTrial, trialOf } from './opened-trial.js';

const run = promisify(execFile);

/** Returns the kinds of the resources that keep the process alive. */
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().toSorted();
}

test.serial('a closed store leaves nothing behind, no matter how often it was opened', async (t) => {
  const path = await freshPath(t);
  const first = trialOf({ path });
  await first.store.open(first);
  await first.close();
  const before = resources();
  for (let round = 0; round < 10; round += 1) {
    const trial = trialOf({ path });
    await trial.store.open(trial);
    await trial.login();
    await trial.close();
  }
  await eventually(() => resources().length <= before.length, { what: 'no more than before keeps the process alive' });
  const database = (await loadDriver()).open(path);
  t.teardown(() => database.close());
  const counts = ['node', 'inbox', 'report'].map(
    (table) => database.prepare(`SELECT count(*) FROM ${table}`).get()?.[0],
  );
  t.deepEqual(counts, [0, 0, 0]);
});

test.serial('sessions outlive the store that created them', async (t) => {
  const path = await freshPath(t);
  const trial = trialOf({ path });
  await trial.store.open(trial);
  const { id, secretHash } = await trial.login('alice', { attributes: { theme: '"dark"' }, userAgent: 'a\u0000b' });
  await trial.push(id, 'a', 'b');
  await trial.close();
  const later = await openedTrial(t, { path });
  const { record } = await later.store.authenticate('default', id, secretHash);
  t.deepEqual([record.accountId, record.attributes.theme, record.undelivered], ['alice', '"dark"', 2]);
  t.is(record.userAgent, 'a\u0000b');
  const quoted = await later.login('bob', { userAgent: '"a"' });
  t.is((await later.store.get('default', quoted.id)).userAgent, '"a"');
});

test.serial('two stores of one process share a file and notify each other', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const { id } = await one.login();
  await other.park(id);
  await one.push(id, 'hi');
  const notice = await other.notice('appended', id);
  t.is(notice.kind === 'appended' && notice.message.json, '"hi"');
});

test.serial('a change by one store is visible to the next call at another store that knows the session', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const { id, secretHash } = await one.login();
  for (let round = 0; round < 6; round += 1) {
    const [here, there] = round % 2 === 0 ? [one.store, other.store] : [other.store, one.store];
    await here.get('default', id);
    await there.patch('default', id, { a: `${round}` });
    t.is((await here.get('default', id)).attributes.a, `${round}`, 'a look');
    await there.touch('default', id, { activity: true, ttl: 60_000 + round });
    t.is((await here.authenticate('default', id, secretHash)).record.ttl, 60_000 + round, 'a step that writes');
  }
  await one.store.end('default', id, 'logout');
  await t.throwsAsync(other.store.get('default', id), { code: 'SESSION_CLOSED' });
});

test.serial('changes by one store are reported to the watchers of another store until they stop', async (t) => {
  const path = await freshPath(t);
  const [one, other] = [await openedTrial(t, { path }), await openedTrial(t, { path })];
  const told: string[] = [];
  const { store } = other;
  if (!(store instanceof SqliteStore)) throw new Error('it is a store of this kind');
  const stop = await store.watchChanges({
    changed: (_app, id, { kind }) => told.push(`${kind} ${id}`),
    interrupted() {},
    resumed() {},
  });
  const { id } = await one.login();
  await one.store.patch('default', id, { a: '1' });
  await eventually(() => told.includes(`patched ${id}`));
  await stop();
  const later = await one.login();
  await one.store.end('default', later.id, 'logout');
  t.deepEqual(told, [`created ${id}`, `patched ${id}`]);
});

test.serial('a process that has nothing else to do ends although a store is open', async (t) => {
  const program = programFile(new URL('./nodes/idle.js', import.meta.url));
  const { stdout } = await run(process.execPath, [program, await freshPath(t)], { timeout: 20_000 });
  t.is(stdout, 'created');
});

test.serial(
  'when the file is removed or replaced, every call fails and watchers are notified; all resumes when the file is back',
  async (t) => {
    const path = await freshPath(t);
    const trial = await openedTrial(t, { path, lookInterval: 10 });
    const { store } = trial;
    if (!(store instanceof SqliteStore)) throw new Error('it is a store of this kind');
    const told: string[] = [];
    const note = (text: string) => () => void told.push(text);
    await store.watchChanges({ changed: note('changed'), interrupted: note('interrupted'), resumed: note('resumed') });
    const { id } = await trial.login();
    const aside = join(dirname(path), 'aside');
    renameSync(path, aside);
    const removed = { code: 'STORE_UNAVAILABLE', message: /was removed or moved while it was in use/ };
    await t.throwsAsync(store.get('default', id), removed);
    await t.throwsAsync(trial.login(), removed);
    await t.throwsAsync(store.ping(), removed);
    copyFileSync(aside, path);
    await t.throwsAsync(trial.login(), { code: 'STORE_UNAVAILABLE', message: /was replaced by another file/ });
    await eventually(() => told.includes('interrupted'));
    renameSync(aside, path);
    t.is((await store.get('default', id)).id, id);
    await store.ping();
    await eventually(() => told.includes('resumed'));
    t.true(trial.notices.some(({ kind }) => kind === 'missed'));
  },
);

test.serial('ping reports a log or an index of it that was removed', async (t) => {
  for (const suffix of ['-wal', '-shm']) {
    const path = await freshPath(t);
    const trial = await openedTrial(t, { path });
    await trial.store.ping();
    rmSync(path + suffix);
    await t.throwsAsync(trial.store.ping(), {
      code: 'STORE_UNAVAILABLE',
      message: new RegExp(`${suffix} was removed`),
    });
  }
});

test.serial(
  'a backup made during writes can be opened as a store, and has all writes that were acknowledged before it',
  async (t) => {
    const path = await freshPath(t);
    const trial = await openedTrial(t, { path });
    const logins = await Promise.all(Array.from({ length: 50 }, (_, each) => trial.login(`account-${each}`)));
    let isOver = false;
    const writing = (async () => {
      while (!isOver) await trial.login('later');
    })();
    const backup = join(dirname(path), 'backup.db');
    const database = (await loadDriver()).open(path);
    database.prepare('VACUUM INTO ?').run(backup);
    database.close();
    isOver = true;
    await writing;
    const restored = await openedTrial(t, { path: backup });
    for (const { id, secretHash } of logins) {
      t.is((await restored.store.authenticate('default', id, secretHash)).record.id, id);
    }
  },
);

test('invalid options are refused with the option, the rule and the value', (t) => {
  const context = new SessionContext();
  for (const options of [
    { path: '' },
    { path: 'a\u0000b' },
    { path: 'x', durability: 'sometimes' },
    { path: 'x', syncInterval: 5 },
    { path: 'x', lookInterval: 0.5 },
    { path: 'x', lockTimeout: -1 },
    { path: 'x', lokInterval: 20 },
    {},
    undefined,
  ]) {
    const error = t.throws(() => new SqliteStore(context, options as SqliteStoreOptions), { code: 'INVALID_CONTEXT' });
    t.regex(error.message, /^sqliteStore: .*(must be|is not an option)/);
  }
});
