import { Redis } from 'ioredis';
import { eventually } from '../../support/eventually.js';
import { limits } from '../../support/limits.js';
import { masterName, RedisSentinel } from '../../support/redis-sentinel.js';
import { RedisServer } from '../../support/redis-server.js';
import { Link } from '../link.js';
import { failover, type Pair } from './failover.js';
import { inStep, isMaster, masterFaults, promoted } from './redis-servers.js';
import { ReplicationWatch } from './replication-watch.js';
import type { Stage } from './stage.js';

/** Silence after which a master counts as failed: longer than a busy machine may stop it. */
const downAfter = 3_000;

/** Starts a master with a replica, and a Sentinel that watches them. */
export async function sentinelStage(nodes: number): Promise<Stage> {
  const settings = { appendonly: 'yes', 'repl-diskless-sync-delay': '0' };
  const [one, other] = await Promise.all([RedisServer.start(settings), RedisServer.start(settings)] as const);
  await other.client.replicaof('127.0.0.1', one.port);
  await inStep(other);
  const sentinel = await RedisSentinel.start(one.port);
  const control = new Redis(sentinel.port, '127.0.0.1');
  await control.call('SENTINEL', 'SET', masterName, 'down-after-milliseconds', String(downAfter));
  // The Sentinel allows another failover after twice this time.
  await control.call('SENTINEL', 'SET', masterName, 'failover-timeout', '3000');
  const linksOfNodes = await Promise.all(
    Array.from({ length: nodes }, () => Promise.all([one, other].map(({ port }) => Link.start(port)))),
  );
  const links = linksOfNodes.flat();
  const watch = new ReplicationWatch([one, other]);
  await watch.expect();
  const pair = async (): Promise<Pair> =>
    (await isMaster(one)) ? { master: one, replica: other } : { master: other, replica: one };
  /** Resolves when the Sentinel names the server as the master. */
  const named = ({ port }: RedisServer) =>
    eventually(
      async () => {
        const address = await control.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', masterName);
        return Array.isArray(address) && Number(address[1]) === port;
      },
      { patience: limits.processes, what: 'the Sentinel names the new master' },
    );
  return {
    stores: linksOfNodes.map((own) => {
      const natMap = Object.fromEntries(
        [one, other].map(({ port }, index) => [
          `127.0.0.1:${port}`,
          { host: '127.0.0.1', port: own[index]?.port ?? 0 },
        ]),
      );
      return { redis: { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: masterName, natMap } };
    }),
    links,
    sharesClock: false,
    faults: [
      failover(
        'Redis: kill -9 of the master, its replica is promoted',
        watch,
        pair,
        async ({ master, replica }) => {
          await master.kill();
          await promoted(replica);
          // Wait: otherwise it would start as a second master, to which the Sentinel still leads clients.
          await named(replica);
          await master.restart();
          // The Sentinel would do this only some seconds later.
          await master.client.replicaof('127.0.0.1', replica.port);
        },
        true,
      ),
      failover(
        'Redis: SENTINEL FAILOVER, connections stay open',
        watch,
        pair,
        async ({ master, replica }) => {
          await sentinel.failOver();
          // The Sentinel would leave both as masters for some seconds.
          await master.client.replicaof('127.0.0.1', replica.port);
        },
        true,
      ),
      ...masterFaults(async () => (await pair()).master, downAfter / 2),
    ],
    begin: () => {},
    settle: async (world) => {
      await inStep((await pair()).replica);
      await watch.look(world);
    },
    stop: async () => {
      control.disconnect();
      await Promise.all(links.map((link) => link.close()));
      await sentinel.stop();
      await Promise.all([one.stop(), other.stop()]);
    },
  };
}
