import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import type { RedisCluster } from '../../../support/redis-cluster.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { Traffic } from '../../nodes/traffic.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';

const cluster = clusterFor(test);
const slots = 16_384;
const roomy = { msgMaxLength: 100_000, mailboxMaxBytes: 100_000_000 };

function idOf({ client }: RedisServer): Promise<string> {
  return client.call('CLUSTER', 'MYID').then(String);
}

/** Slots that hold keys, and who has them. */
async function usedSlots({ masters }: RedisCluster): Promise<readonly { slot: number; owner: RedisServer }[]> {
  const used: { slot: number; owner: RedisServer }[] = [];
  for (const [index, owner] of masters.entries()) {
    const share = Math.ceil(slots / masters.length);
    for (let slot = index * share; slot < Math.min(slots, (index + 1) * share); slot += 1) {
      if (Number(await owner.client.call('CLUSTER', 'COUNTKEYSINSLOT', String(slot))) > 0) used.push({ slot, owner });
    }
  }
  return used;
}

/** Moves a slot as redis-cli does when it rebalances a Cluster. */
async function migrate({ masters }: RedisCluster, slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  await to.client.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', await idOf(from));
  await from.client.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', await idOf(to));
  for (;;) {
    const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '10')) as string[];
    if (keys.length === 0) break;
    await from.client.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
  }
  // First the new owner, so that the slot is never nobody's.
  for (const { client } of [to, from, ...masters]) {
    await client.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', await idOf(to));
  }
}

test('slots that move to other masters interrupt nothing for long, and no push is missed', async (t) => {
  const options = { cluster: { nodes: cluster().nodes }, keyPrefix: freshPrefix(), buckets: 6 };
  const nodes = await ServiceProcess.startAll(t, 2, { context: roomy, options });
  const [one, other] = nodes;
  if (one === undefined || other === undefined) throw new Error('there are two nodes');
  const traffic = await Traffic.start(nodes);
  await traffic.goesOn();
  const used = await usedSlots(cluster());
  t.true(used.length > 1);
  for (const { slot, owner } of used) {
    const target = cluster().masters.find((master) => master !== owner);
    if (target !== undefined) await migrate(cluster(), slot, owner, target);
    await traffic.goesOn();
  }
  await traffic.settle(t);
  // Now at rest: whoever waits at one node is woken by the other.
  for (let each = 0; each < 10; each += 1) {
    const { id } = await one.do('create', `account-${each}`);
    const held = await other.hold(id);
    await one.do('push', id, each);
    await eventually(() => held.isOver, { patience: 10_000, what: 'the poll is answered' });
    const { messages, lost } = await held.batch;
    t.deepEqual([messages.map(({ data }) => data), lost], [[each], 0]);
  }
  for (const node of nodes) t.deepEqual(await node.do('unhandled'), []);
});
