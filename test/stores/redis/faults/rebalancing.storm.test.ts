import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { rounds } from '../../../support/limits.js';
import type { RedisCluster } from '../../../support/redis-cluster.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { Traffic } from '../../nodes/traffic.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';
import { migrate } from './slot-migration.js';

const cluster = clusterFor(test);
const slotCount = 16_384;
const buckets = rounds({ sample: 3, full: 6 });
const heldPolls = rounds({ sample: 3, full: 10 });
const roomy = { msgMaxLength: 100_000, mailboxMaxBytes: 100_000_000 };

/** Returns the slots of the buckets, and the masters that own them. */
async function usedSlots({ masters, client }: RedisCluster, keyPrefix: string) {
  const slots = new Set<number>();
  for (const master of masters) {
    for (const key of await master.client.keys(`${keyPrefix}*`)) slots.add(await client.cluster('KEYSLOT', key));
  }
  const share = Math.ceil(slotCount / masters.length);
  return [...slots].map((slot) => ({ slot, owner: masters[Math.floor(slot / share)] }));
}

test('while slots move to other masters, traffic continues and no push is missed', async (t) => {
  const keyPrefix = freshPrefix();
  const options = { cluster: { nodes: cluster().nodes }, keyPrefix, buckets };
  const nodes = await ServiceProcess.startAll(t, 2, { context: roomy, options });
  const [one, other] = nodes;
  if (one === undefined || other === undefined) throw new Error('there are two nodes');
  const traffic = await Traffic.start(nodes);
  await traffic.goesOn();
  const used = await usedSlots(cluster(), keyPrefix);
  t.is(used.length, buckets);
  for (const { slot, owner } of used) {
    const target = cluster().masters.find((master) => master !== owner);
    if (owner !== undefined && target !== undefined) await migrate(cluster(), slot, owner, target);
    await traffic.goesOn();
  }
  // A mailbox that moved to another master has another history.
  await traffic.settle(t, true);
  // Without traffic: a push at one node wakes the poll that the other node holds.
  for (let each = 0; each < heldPolls; each += 1) {
    const { id } = await one.do('create', `account-${each}`);
    const held = await other.hold(id);
    await one.do('push', id, each);
    await eventually(() => held.isOver, { what: 'the poll is answered' });
    const { messages, lost } = await held.batch;
    t.deepEqual([messages.map(({ data }) => data), lost], [[each], 0]);
  }
  for (const node of nodes) t.deepEqual(await node.do('unhandled'), []);
});
