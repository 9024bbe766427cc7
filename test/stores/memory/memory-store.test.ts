import test from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { allPages, app, outgoing, scanned, Trial } from '../../../src/conformance/trial.js';
import { SessionContext, SessionError } from '../../../src/index.js';
import { MemoryStore } from '../../../src/stores/memory/memory-store.js';
import { createMemoryStore } from './create-memory-store.js';

async function populated(count: number): Promise<Trial> {
  const options = { gcTime: 1_000, maxSession: 0 };
  const trial = new Trial(await createMemoryStore(options), 1, options);
  await trial.store.open(trial);
  for (let each = 0; each < count; each += 1) void trial.store.insert(trial.newSession(`account-${each}`));
  return trial;
}

/** Returns the number of turns of the event loop that other work gets until this work ends. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  let goesOn = true;
  const count = () => {
    turns += 1;
    if (goesOn) setImmediate(count);
  };
  setImmediate(count);
  await work;
  goesOn = false;
  return turns;
}

test('an operation on all sessions yields to the event loop after every few thousand sessions', async (t) => {
  const trial = await populated(24_000);
  t.true((await turnsDuring(trial.store.countActiveAccounts(app, 10))) >= 9);
  t.true((await turnsDuring(allPages(trial.store, 24_000))) >= 9);
  t.true((await turnsDuring(scanned(trial.store, 2_000))) >= 9);
  const endAll = async () => {
    for await (const _chunk of trial.store.endApp(app, 'revoked'));
  };
  t.true((await turnsDuring(endAll())) >= 9);
  t.is((await scanned(trial.store, 2_000)).length, 0);
});

test('a closed store is unavailable: it does not call a session unknown that may live on in the snapshot', async (t) => {
  const trial = await populated(1);
  const { id } = await trial.login();
  await trial.close();
  for (const call of [
    () => trial.store.get(app, id),
    () => trial.store.append(app, id, outgoing(1)),
    () => trial.store.insert(trial.newSession('bob')),
    () => trial.store.countSessions(app),
  ]) {
    const error = await t.throwsAsync(call);
    t.true(SessionError.is(error, 'STORE_UNAVAILABLE'), String(error));
  }
});

test('a large sweep is cut into slices of the requested size', async (t) => {
  const trial = await populated(5_000);
  await trial.pass(1_000);
  const sizes: number[] = [];
  for (let more = true; more; ) {
    const slice = await trial.store.sweep(500);
    sizes.push(slice.items.length);
    ({ more } = slice);
  }
  t.deepEqual(sizes.slice(0, 10), new Array(10).fill(500));
  t.true(sizes.slice(10).every((size) => size === 0));
});

test('judging many parked sessions is cut into slices as well', async (t) => {
  const options = { hbGrace: 10, gcTime: 1_000, maxSession: 0 };
  const trial = new Trial(await createMemoryStore(options), 1, options);
  await trial.store.open(trial);
  for (let each = 0; each < 500; each += 1) await trial.park((await trial.login()).id);
  await trial.pass(10);
  // A slice examines up to 200 more sessions than requested.
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: true });
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: true });
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: false });
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: false }, 'looked at again one grace later');
});

test('a closed store lists nothing and sends no notice', async (t) => {
  const store = new MemoryStore(new SessionContext(), new ManualClock());
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, { gcTime: 10 });
  await store.open(trial);
  const { id } = await trial.login();
  await trial.park(id);
  await trial.close();
  trial.notices.length = 0;
  await t.throwsAsync(store.append(app, id, outgoing('x')));
  await t.throwsAsync(scanned(store, 10));
  t.deepEqual(trial.notices, []);
});
