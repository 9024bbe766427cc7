import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { rounds } from '../../../support/limits.js';
import type { RedisCluster } from '../../../support/redis-cluster.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { Traffic } from '../../nodes/traffic.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';

const cluster = clusterFor(test, { replicas: true });
const roomy = { msgMaxLength: 100_000, mailboxMaxBytes: 100_000_000 };

async function isMaster({ client }: RedisServer): Promise<boolean> {
  return (await client.info('replication')).includes('role:master');
}

/** Returns the current master and replica of each shard. */
async function pairs(of: RedisCluster): Promise<readonly { master: RedisServer; replica: RedisServer }[]> {
  return Promise.all(
    of.masters.map(async (server, index) => {
      const other = of.replicas[index];
      if (other === undefined) throw new Error('each master has a replica');
      return (await isMaster(server)) ? { master: server, replica: other } : { master: other, replica: server };
    }),
  );
}

test.serial('over manual failovers under traffic no message is missed', async (t) => {
  const options = { cluster: { nodes: cluster().nodes }, keyPrefix: freshPrefix() };
  const nodes = await ServiceProcess.startAll(t, 2, { context: roomy, options });
  const traffic = await Traffic.start(nodes);
  await traffic.goesOn();
  for (const { replica } of (await pairs(cluster())).slice(0, rounds({ sample: 1, full: 3 }))) {
    await replica.client.call('CLUSTER', 'FAILOVER');
    await eventually(() => isMaster(replica), { what: 'the replica takes over' });
    await traffic.goesOn();
  }
  await traffic.settle(t, true);
  for (const node of nodes) t.deepEqual(await node.do('unhandled'), []);
});

test.serial(
  'when a master is killed, polls stay held until its replica takes over, and are answered then',
  async (t) => {
    const options = { cluster: { nodes: cluster().nodes }, keyPrefix: freshPrefix() };
    const nodes = await ServiceProcess.startAll(t, 2, { context: { pollTime: 60_000 }, options });
    const [one, other] = nodes;
    if (one === undefined || other === undefined) throw new Error('there are two nodes');
    const sessions = await Promise.all(
      Array.from({ length: 12 }, (_each, index) => one.do('create', `killed-${index}`)),
    );
    for (const { id } of sessions) await one.do('push', id, 'before');
    const polls = [];
    for (const { id } of sessions) polls.push(await other.hold(id));
    for (const { master, replica } of (await pairs(cluster())).slice(0, 1)) {
      // Redis would lose the writes that the replica does not have yet.
      await master.client.call('WAIT', '1', '5000');
      await master.kill();
      await eventually(() => isMaster(replica), { what: 'the replica takes over' });
    }
    for (const [index, { id }] of sessions.entries()) {
      const push = () =>
        one.do('push', id, 'after').then(
          () => true,
          () => false,
        );
      await eventually(push, { what: 'pushes get through' });
      const { messages = [], lost, closed } = (await other.answerAfterReset(polls[index], id)) ?? {};
      t.deepEqual([messages.at(-1)?.data, lost, closed], ['after', 0, undefined]);
    }
    t.true((await one.do('sessionsOfApp')) === sessions.length);
    for (const node of nodes) t.deepEqual(await node.do('unhandled'), []);
  },
);
