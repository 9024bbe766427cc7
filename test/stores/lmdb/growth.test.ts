import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { ManualClock } from '../../../src/conformance/session-store.js';
import { outgoing, Trial } from '../../../src/conformance/trial.js';
import { SessionContext } from '../../../src/index.js';
import { Environment } from '../../../src/stores/lmdb/engine/environment.js';
import { Ledger } from '../../../src/stores/lmdb/engine/ledger.js';
import { Nodes } from '../../../src/stores/lmdb/engine/nodes.js';
import { LmdbStore } from '../../../src/stores/lmdb/index.js';
import { sizesIn } from './consistency.js';
import { freshPlace } from './fresh-place.js';

/** The number of a process that there is not: beyond what Linux gives. */
const nobody = 2 ** 22 + 1;

test('once all sessions are gone and forgotten, nothing is left of them', async (t) => {
  const { path } = await freshPlace(t);
  const clock = new ManualClock();
  const options = {
    gcTime: 1_000,
    tombstoneTime: 500,
    hbGrace: 100,
    maxSession: 3,
    onMaxSession: 'evict-oldest',
  } as const;
  const store = new LmdbStore(new SessionContext(options), { path }, clock);
  const setup = { store, advance: (ms: number) => clock.advance(ms), close: () => store.close() };
  const trial = new Trial(setup, 1, { ...options, maxAge: 0 });
  await store.open(trial);
  for (let each = 0; each < 60; each += 1) {
    const { id } = await trial.login(`account-${each % 10}`, { attributes: { a: '1' }, app: 'default' });
    for (let push = 0; push < 5; push += 1) await store.append('default', id, outgoing(push, `key-${push % 2}`));
    await trial.read(id, { reader: `reader-${each}`, limit: 2 });
    if (each % 3 === 0) await trial.park(id, 'parked', 300);
    if (each % 7 === 0) await store.end('default', id, 'logout');
    if (each % 10 === 9) await clock.advance(60);
    await trial.judge();
  }
  for (let round = 0; round < 10; round += 1) {
    await clock.advance(400);
    await trial.sweep(7);
    await trial.judge(7);
  }
  await store.close();
  const { counters, ...sizes } = await sizesIn(path);
  t.true((counters ?? 0) > 0);
  for (const [table, size] of Object.entries(sizes)) t.is(size, 0, table);
});

test('nodes that are gone are cleared up behind, and nothing is kept for them', async (t) => {
  const { path } = await freshPlace(t);
  const settings = { context: {}, flushInterval: 1_000, mapSize: undefined, lookInterval: 250 };
  const environment = new Environment({ path, node: 'here', durability: 'commit', ...settings });
  const ledger = new Ledger(new SessionContext(), environment.tables, 'here');
  const nodes = new Nodes(ledger, 'commit');
  const { tables } = environment;
  const isNew = environment.transact(() => nodes.attend());
  t.true(isNew);
  environment.transact(() => {
    ledger.begin(0);
    tables.nodes.put('killed', [nobody, Date.now(), 1, 'commit']);
    tables.nodes.put('silent', [process.pid, Date.now() - 120_000, 0, 'commit']);
    tables.nodes.put('alive', [process.pid, Date.now(), 0, 'commit']);
    for (const node of ['killed', 'silent', 'alive', 'unheard-of']) ledger.tell(node, ['changed', 'default', 'x']);
    t.deepEqual(
      ledger
        .finish()
        .rings.map(([node]) => node)
        .toSorted(),
      ['alive', 'killed', 'silent'],
    );
  });
  t.is(tables.inbox.getKeysCount({ start: '' }), 3);
  t.false(environment.transact(() => nodes.attend()));
  environment.refresh();
  t.deepEqual([...tables.nodes.getKeys({ start: '' })], ['alive', 'here']);
  t.deepEqual(
    [...tables.inbox.getRange({ start: '' })].map(({ key }) => key.split(':')[0]),
    ['alive'],
  );
  environment.transact(() => {
    tables.nodes.remove('here');
  });
  t.true(
    environment.transact(() => nodes.attend()),
    'one that was given up itself notices',
  );
  await environment.close();
});

test('readers of killed processes are cleared up, so that pages are used again', async (t) => {
  const { path } = await freshPlace(t);
  const settings = { context: {}, flushInterval: 1_000, mapSize: undefined, lookInterval: 250 };
  const environment = new Environment({ path, node: 'here', durability: 'commit', ...settings });
  t.is(environment.dropDeadReaders(), 0);
  const hog = fork(fileURLToPath(new URL('./nodes/reader-leak.js', import.meta.url)), [path]);
  await once(hog, 'message');
  t.is(environment.dropDeadReaders(), 0, 'one that lives stays');
  hog.kill('SIGKILL');
  await once(hog, 'exit');
  t.is(environment.dropDeadReaders(), 1);
  await environment.close();
});
