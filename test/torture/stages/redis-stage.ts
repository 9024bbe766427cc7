import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { RedisServer } from '../../support/redis-server.js';
import type { Fault } from '../faults.js';
import { Link } from '../link.js';
import { olderFiles } from './older-files.js';
import { inStep, masterFaults, promoted } from './redis-servers.js';
import type { Stage } from './stage.js';

/** Makes every acknowledged write durable, so that a restart loses none. */
const settings = { appendonly: 'yes', appendfsync: 'always', 'repl-diskless-sync-delay': '0' };

interface Server {
  readonly server: RedisServer;
  readonly folder: string;
}

async function startServer(folder: string): Promise<Server> {
  await mkdir(folder);
  return { server: await RedisServer.start({ ...settings, dir: folder }), folder };
}

/** Prepares one address behind which a master and its replica swap roles, like a managed service. */
export async function redisStage(folder: string, nodes: number): Promise<Stage> {
  let [master, replica] = await Promise.all([
    startServer(join(folder, 'one')),
    startServer(join(folder, 'other')),
  ] as const);
  await replica.server.client.replicaof('127.0.0.1', master.server.port);
  const links = await Promise.all(Array.from({ length: nodes }, () => Link.start(master.server.port)));
  const copy = join(folder, 'copy');

  const swap: Fault = {
    name: 'Redis: FAILOVER, connections stay open',
    commit: async () => {
      await inStep(replica.server);
      await master.server.client.call('FAILOVER');
      await promoted(replica.server);
      [master, replica] = [replica, master];
      for (const link of links) link.moveTo(master.server.port);
      await inStep(replica.server);
    },
  };
  const kill: Fault = {
    name: 'Redis: kill -9 and restart',
    commit: async () => {
      await master.server.kill();
      await master.server.restart();
    },
  };
  const older = olderFiles({
    stop: () => master.server.kill(),
    copyAway: () => cp(master.folder, copy, { recursive: true }),
    putBack: async () => {
      await rm(master.folder, { recursive: true });
      await cp(copy, master.folder, { recursive: true });
      await rm(copy, { recursive: true });
    },
    start: () => master.server.restart(),
    tellsAll: true,
  });
  return {
    stores: links.map(({ port }) => ({ redis: {}, url: `redis://127.0.0.1:${port}` })),
    links,
    sharesClock: false,
    faults: [swap, kill, older, ...masterFaults(async () => master.server, 2_500)],
    begin: () => {},
    settle: () => inStep(replica.server),
    stop: async () => {
      await Promise.all(links.map((link) => link.close()));
      await Promise.all([master.server.stop(), replica.server.stop()]);
    },
  };
}
