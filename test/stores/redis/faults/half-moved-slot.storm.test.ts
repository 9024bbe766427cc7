import test, { type ExecutionContext } from 'ava';
import type { RedisStore, RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';
import { isAcknowledged, openStore, request, retained } from '../replicas/replicated-stage.js';
import { app, newSession, outgoing } from '../workload.js';
import { giveSlot, moveKeys, startMoving } from './slot-migration.js';

const cluster = clusterFor(test, { replicas: true });

interface Stage {
  readonly bucket: string;
  readonly slot: number;
  readonly owner: RedisServer;
  readonly other: RedisServer;
}

/**
 * Logs in two sessions of one account, with a message and a parked reader each, and finds the master of their slot and
 * another master.
 */
async function start(t: ExecutionContext, options: RedisStoreOptions = {}) {
  const keyPrefix = freshPrefix();
  const store = await openStore(t, { cluster: { nodes: cluster().nodes }, keyPrefix, ...options });
  const sessions = [newSession(store, 'alice'), newSession(store, 'alice')];
  for (const session of sessions) await store.insert(session);
  const ids = sessions.map(({ id }) => id);
  for (const id of ids) {
    await store.append(app, id, outgoing('before'));
    // This reader keeps the message in the mailbox.
    const after = await store.read(app, id, request());
    await store.read(app, id, request({ reader: 'parked', after, wait: 60_000 }));
  }
  const bucket = `${keyPrefix}{${ids[0]?.slice(0, 2)}}:`;
  const slot = await cluster().client.cluster('KEYSLOT', bucket);
  const { masters } = cluster();
  // Earlier tests may have moved the slot.
  const counts = await Promise.all(
    masters.map(({ client }) => client.call('CLUSTER', 'COUNTKEYSINSLOT', String(slot)).then(Number)),
  );
  const owner = masters.find((_master, index) => (counts[index] ?? 0) > 0);
  const other = masters.find((master) => master !== owner);
  if (owner === undefined || other === undefined) throw new Error('there are three masters');
  return { store, ids, bucket, slot, owner, other };
}

/** Begins to move the slot, and moves only the keys with this name. Acts, and then moves the others. */
async function actHalfMoved(
  { bucket, slot, owner, other }: Stage,
  name: string,
  act: () => Promise<unknown>,
): Promise<void> {
  await startMoving(slot, owner, other);
  const keys = await owner.client.keys(`${bucket}${name}*`);
  await owner.client.call('MIGRATE', '127.0.0.1', String(other.port), '', '0', '5000', 'KEYS', ...keys);
  await act();
  await moveKeys(slot, owner, other);
  await giveSlot(cluster(), slot, other);
}

async function pushTwice(store: RedisStore, id: string): Promise<number> {
  const pushes = [outgoing('meanwhile'), outgoing('meanwhile')].map((message) => store.append(app, id, message));
  return (await Promise.all(pushes.map(isAcknowledged))).filter(Boolean).length;
}

test.serial(
  'a log-out everywhere after a slot has moved ends also the sessions that were listed in between',
  async (t) => {
    const stage = await start(t);
    const { store, ids } = stage;
    await actHalfMoved(stage, 'i:', () => isAcknowledged(store.listAccount(app, 'alice')));
    const closed = await store.endAccount(app, 'alice', 'revoked', undefined);
    t.deepEqual(closed.map(({ id }) => id).toSorted(), ids.toSorted());
  },
);

for (const [moved, key] of [
  ['only the session', 's:'],
  ['only the nodes', 'nodes'],
] as const) {
  for (const [name, options] of [
    ['', {}],
    [' with replicas', { replicas: { count: 1, timeout: 60_000 } }],
  ] as const) {
    test.serial(
      `while ${moved} moved to another master, a push${name} is carried out once or not at all`,
      async (t) => {
        const stage = await start(t, options);
        const { store, ids } = stage;
        const [id = ''] = ids;
        let pushed = 0;
        await actHalfMoved(stage, key, async () => {
          pushed = await pushTwice(store, id);
        });
        t.deepEqual(await retained(store, id), ['before', ...Array.from({ length: pushed }, () => 'meanwhile')]);
        t.is((await store.get(app, id)).undelivered, 1 + pushed);
      },
    );
  }
}
