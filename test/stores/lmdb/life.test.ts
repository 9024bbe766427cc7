import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import test from 'ava';
import { Trial } from '../../../src/conformance/trial.js';
import { SessionContext } from '../../../src/index.js';
import { LmdbStore } from '../../../src/stores/lmdb/index.js';
import { eventually } from '../../support/eventually.js';
import { sizesIn } from './consistency.js';
import { freshPlace } from './fresh-place.js';

const context = new SessionContext({ maxSession: 0 });

function trialOf(path: string): Trial {
  const store = new LmdbStore(context, { path, lookInterval: 60_000 });
  return new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, { gcTime: 60_000, maxAge: 0 });
}

async function opened(path: string): Promise<Trial> {
  const trial = trialOf(path);
  await trial.store.open(trial);
  return trial;
}

/** What keeps a process alive, by kind. */
function resources(): readonly string[] {
  return process.getActiveResourcesInfo().toSorted();
}

test.serial('a store that is closed leaves nothing behind, however often it was opened', async (t) => {
  const { path } = await freshPlace(t);
  await (await opened(path)).close();
  const before = resources();
  for (let round = 0; round < 10; round += 1) {
    const trial = await opened(path);
    await trial.login();
    await trial.close();
  }
  await eventually(() => resources().length <= before.length, { what: 'no more than before keeps the process alive' });
  t.true(resources().length <= before.length);
  const sizes = await sizesIn(path);
  t.deepEqual([sizes.sessions, sizes.nodes, sizes.inbox, sizes.reports], [10, 0, 0, 0]);
});

test.serial('after a failed opening nothing is left, and another store opens once the cause is gone', async (t) => {
  const { path } = await freshPlace(t);
  await writeFile(join(path, 'data.mdb'), 'no environment at all');
  const before = resources();
  const trial = trialOf(path);
  await t.throwsAsync(trial.store.open(trial), { code: 'STORE_UNAVAILABLE' });
  await eventually(() => resources().length <= before.length, { what: 'no more than before keeps the process alive' });
  t.true(resources().length <= before.length);
  await truncate(join(path, 'data.mdb'), 0);
  const sound = await opened(path);
  await sound.login();
  await sound.close();
});

test.serial('sessions outlive the store that made them', async (t) => {
  const { path } = await freshPlace(t);
  const trial = await opened(path);
  const { id, secretHash } = await trial.login('alice', { attributes: { theme: '"dark"' } });
  await trial.push(id, 'a', 'b');
  await trial.close();
  const later = await opened(path);
  const { record } = await later.store.authenticate('default', id, secretHash);
  t.deepEqual([record.accountId, record.attributes.theme, record.undelivered], ['alice', '"dark"', 2]);
  await later.close();
});

test.serial('two stores of one process share a directory, and wake each other at once', async (t) => {
  const { path } = await freshPlace(t);
  const [one, other] = [await opened(path), await opened(path)];
  const { id } = await one.login();
  await other.park(id);
  await one.push(id, 'hi');
  const notice = await other.notice('appended', id);
  t.is(notice.kind === 'appended' && notice.message.json, '"hi"');
  await other.close();
  t.is((await one.store.get('default', id)).undelivered, 1);
  await one.close();
});

test.serial('what one store changes is told to those who watch at another', async (t) => {
  const { path } = await freshPlace(t);
  const [one, other] = [trialOf(path), trialOf(path)];
  for (const trial of [one, other]) await trial.store.open(trial);
  const told: string[] = [];
  const { store } = other;
  if (!(store instanceof LmdbStore)) throw new Error('it is a store of this kind');
  const stop = await store.watchChanges({ changed: (_app, id) => told.push(id), interrupted() {}, resumed() {} });
  const { id } = await one.login();
  await one.store.patch('default', id, { a: '1' });
  await eventually(() => told.includes(id));
  await stop();
  const later = await one.login();
  await one.store.end('default', later.id, 'logout');
  t.deepEqual(told, [id]);
  await one.close();
  await other.close();
});

test.serial(
  'a directory is used with one durability at a time, and with another once nobody has it open',
  async (t) => {
    const { path } = await freshPlace(t);
    const one = new LmdbStore(context, { path, durability: 'interval' });
    const other = new LmdbStore(context, { path });
    const listener = trialOf(path);
    await one.open(listener);
    const refusal = { code: 'STORE_UNAVAILABLE', message: /open with durability 'interval': all must use the same/ };
    await t.throwsAsync(other.open(listener), refusal);
    const { id } = (await one.insert(listener.newSession('alice'))).record;
    await one.close();
    await other.open(listener);
    t.is((await other.get('default', id)).id, id);
    await other.close();
    await one.open(listener);
    t.is((await one.get('default', id)).id, id);
    await one.close();
  },
);

test.serial('when its thread ends by itself, operations fail, and soon there is another', async (t) => {
  const { path } = await freshPlace(t);
  const thread = new Promise<Worker>((resolve) => process.once('worker', resolve));
  const trial = await opened(path);
  const other = await opened(path);
  const { id } = await trial.login();
  const told: string[] = [];
  const { store } = trial;
  if (!(store instanceof LmdbStore)) throw new Error('it is a store of this kind');
  const note = (text: string) => () => told.push(text);
  await store.watchChanges({ changed: note('changed'), interrupted: note('interrupted'), resumed: note('resumed') });
  await trial.park(id);
  const lost = trial.push(id, 'x');
  await (await thread).terminate();
  await lost.catch(() => {});
  await t.throwsAsync(store.get('default', id), { code: 'STORE_UNAVAILABLE', message: /thread of the LMDB store/ });
  await eventually(() => told.includes('resumed'));
  t.true(trial.notices.some(({ kind }) => kind === 'missed'));
  t.is((await store.get('default', id)).id, id);
  await other.store.patch('default', id, { a: '1' });
  await eventually(() => told.includes('changed'));
  await trial.close();
  await other.close();
});

test.serial('a process that has nothing else to do ends, though a store is open', async (t) => {
  const { path } = await freshPlace(t);
  const { execFile } = await import('node:child_process');
  const { fileURLToPath } = await import('node:url');
  const program = fileURLToPath(new URL('./nodes/idle.js', import.meta.url));
  const text = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [program, path], { timeout: 20_000 }, (error, stdout) =>
      error === null ? resolve(stdout) : reject(error),
    );
  });
  t.is(text, 'created');
});
