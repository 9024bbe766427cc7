import test from 'ava';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { allPages, app, outgoing, scanned, Trial } from '../../../src/conformance/trial.js';
import { SessionContext } from '../../../src/index.js';
import { MemorySessions } from '../../../src/stores/memory/memory-sessions.js';
import { MemoryStore } from '../../../src/stores/memory/memory-store.js';
import { createMemoryStore } from './create-memory-store.js';

async function populated(count: number): Promise<Trial> {
  const options = { gcTime: 1_000, maxSession: 0 };
  const trial = new Trial(await createMemoryStore(options), 1, options);
  await trial.store.open(trial);
  for (let each = 0; each < count; each += 1) void trial.store.insert(trial.newSession(`account-${each}`));
  return trial;
}

/** How often other work gets a turn while this goes on. */
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

test('whatever walks over all sessions lets others have a turn every few thousand', async (t) => {
  const trial = await populated(20_000);
  t.true((await turnsDuring(trial.store.countActiveAccounts(app, 10))) >= 9);
  t.true((await turnsDuring(allPages(trial.store, 20_000))) >= 9);
  t.true((await turnsDuring(scanned(trial.store, 2_000))) >= 9);
  const endAll = async () => {
    for await (const _chunk of trial.store.endApp(app, 'revoked'));
  };
  t.true((await turnsDuring(endAll())) >= 9);
  t.is((await scanned(trial.store, 2_000)).length, 0);
});

test('a sweep of very many is cut into slices of the size asked for', async (t) => {
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

test('judging very many parked sessions is cut into slices as well', async (t) => {
  const options = { hbGrace: 10, gcTime: 1_000, maxSession: 0 };
  const trial = new Trial(await createMemoryStore(options), 1, options);
  await trial.store.open(trial);
  for (let each = 0; each < 50; each += 1) await trial.park((await trial.login()).id);
  await trial.pass(10);
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: true });
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: true });
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: false });
  t.deepEqual(await trial.store.judgePresence(20), { items: [], more: false }, 'looked at again one grace later');
});

test('apps named once and left empty are forgotten, and so are tombstones', async (t) => {
  const clock = new ManualClock();
  const context = new SessionContext({ tombstoneTime: 10, maxSession: 0 });
  const sessions = new MemorySessions(context, clock);
  const trial = await populated(0);
  for (let each = 0; each < 100; each += 1) {
    const { record } = sessions.insert(trial.newSession('alice', { app: `app-${each}` }));
    const entry = sessions.of(record.app).get(record.id);
    if (entry !== undefined) sessions.close(sessions.of(record.app), entry, 'logout');
    sessions.of(`empty-${each}`);
  }
  sessions.sweep(1_000);
  t.is([...sessions.apps].length, 100, 'those with tombstones stay');
  await clock.advance(10);
  sessions.sweep(1_000);
  t.is([...sessions.apps].length, 0);
});

test('a thousand tombstones are dropped by slices', async (t) => {
  const clock = new ManualClock();
  const sessions = new MemorySessions(new SessionContext({ tombstoneTime: 10, maxSession: 0 }), clock);
  const trial = await populated(0);
  for (let each = 0; each < 1_000; each += 1) {
    const { record } = sessions.insert(trial.newSession('alice'));
    const entry = sessions.of(app).get(record.id);
    if (entry !== undefined) sessions.close(sessions.of(app), entry, 'logout');
  }
  await clock.advance(10);
  const { tombstones } = sessions.of(app);
  for (const left of [600, 200]) {
    t.deepEqual(sessions.sweep(400), { items: [], more: true });
    t.is(tombstones.size, left);
  }
  t.deepEqual(sessions.sweep(400), { items: [], more: false });
  t.is(tombstones.size, 0);
});

test('a closed store holds nothing and tells nobody', async (t) => {
  const store = new MemoryStore(new SessionContext(), new ManualClock());
  const trial = new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, { gcTime: 10 });
  await store.open(trial);
  const { id } = await trial.login();
  await trial.park(id);
  await trial.close();
  trial.notices.length = 0;
  await t.throwsAsync(store.append(app, id, outgoing('x')));
  t.deepEqual([trial.notices, await scanned(store, 10)], [[], []]);
});
