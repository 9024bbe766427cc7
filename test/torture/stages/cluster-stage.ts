import { RedisCluster } from '../../support/redis-cluster.js';
import type { World } from '../faults.js';
import { Link } from '../link.js';
import { pick, type Random } from '../random.js';
import { pause } from '../steady.js';
import { failover, type Pair } from './failover.js';
import { inStep, isMaster, masterFaults, promoted } from './redis-servers.js';
import { ReplicationWatch } from './replication-watch.js';
import type { Stage } from './stage.js';

/** Silence after which a master counts as failed: longer than a busy machine may stop it. */
const nodeTimeout = 3_000;

/** Milliseconds after which another attempt is made: longer than the servers try. */
const failoverPatience = 7_000;

/** Starts three masters with a replica each. */
export async function clusterStage(nodes: number): Promise<Stage> {
  // A replica may take over no matter how long a busy machine has kept it from its master.
  const takesOver = { 'cluster-replica-validity-factor': '0' };
  const settings = { 'cluster-node-timeout': String(nodeTimeout), appendonly: 'yes', ...takesOver };
  const cluster = await RedisCluster.start({ replicas: true, settings });
  const linksOfNodes = await Promise.all(
    Array.from({ length: nodes }, () => Promise.all(cluster.servers.map(({ port }) => Link.start(port)))),
  );
  const links = linksOfNodes.flat();
  const watch = new ReplicationWatch(cluster.servers);
  await watch.expect();

  const pickPair = async (random: Random): Promise<Pair> => {
    const index = pick([...cluster.masters.keys()], random);
    const [one, other] = [cluster.masters[index], cluster.replicas[index]];
    if (one === undefined || other === undefined) throw new RangeError(`There is no pair ${index}`);
    return (await isMaster(one)) ? { master: one, replica: other } : { master: other, replica: one };
  };
  const pickIn = ({ random }: World) => pickPair(random);
  return {
    stores: linksOfNodes.map((own) => {
      const places = own.map(({ port }) => ({ host: '127.0.0.1', port }));
      const natMap = Object.fromEntries(
        cluster.servers.map(({ port }, index) => [`127.0.0.1:${port}`, places[index] ?? { host: '', port: 0 }]),
      );
      return { cluster: { nodes: places, options: { natMap } } };
    }),
    links,
    sharesClock: false,
    faults: [
      failover(
        'Redis: kill -9 of a master, its replica is promoted',
        watch,
        pickIn,
        async ({ master, replica }) => {
          await master.kill();
          await promoted(replica);
          await master.restart();
        },
        true,
      ),
      // The master first lets the replica catch up, so that nothing is forgotten. Its connections stay open.
      failover(
        'Redis: CLUSTER FAILOVER, connections stay open',
        watch,
        pickIn,
        async ({ replica }) => {
          // The servers give up a failover after five seconds if they are too busy to agree.
          while (!(await isMaster(replica))) {
            await replica.client.call('CLUSTER', 'FAILOVER').catch(() => {});
            await Promise.race([promoted(replica), pause(failoverPatience)]);
          }
        },
        false,
      ),
      ...masterFaults(async (random) => (await pickPair(random)).master, nodeTimeout / 2),
    ],
    begin: () => {},
    settle: async (world) => {
      await cluster.settled();
      for (const index of cluster.masters.keys()) {
        const [one, other] = [cluster.masters[index], cluster.replicas[index]];
        if (one !== undefined && other !== undefined) await inStep((await isMaster(one)) ? other : one);
      }
      await watch.look(world);
    },
    stop: async () => {
      await Promise.all(links.map((link) => link.close()));
      await cluster.stop();
    },
  };
}
