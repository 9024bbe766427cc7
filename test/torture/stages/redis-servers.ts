import { eventually } from '../../support/eventually.js';
import { limits } from '../../support/limits.js';
import type { RedisServer } from '../../support/redis-server.js';
import type { Fault, World } from '../faults.js';
import { between, type Random } from '../random.js';
import { pause } from '../steady.js';

export async function isMaster(server: RedisServer): Promise<boolean> {
  return (await replicationOf(server)).includes('role:master');
}

/** Returns the replication section of INFO. Empty while the server does not answer. */
export function replicationOf({ client, isRunning }: RedisServer): Promise<string> {
  return isRunning ? client.info('replication').catch(() => '') : Promise.resolve('');
}

/** Resolves when the server is a master. */
export function promoted(server: RedisServer): Promise<void> {
  return eventually(() => isMaster(server), { patience: limits.processes, what: 'the replica is promoted' });
}

/** Resolves when the server is a replica that has everything that its master has. */
export function inStep(server: RedisServer): Promise<void> {
  const isInStep = async () => {
    const info = await replicationOf(server);
    return info.includes('role:slave') && info.includes('master_link_status:up');
  };
  return eventually(isInStep, { patience: limits.processes, what: 'the replica is in step' });
}

/** Stops the process with SIGSTOP for a while. */
export async function freeze({ client }: RedisServer, milliseconds: number): Promise<void> {
  const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
  process.kill(pid, 'SIGSTOP');
  try {
    await pause(milliseconds);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** Returns the faults of any master. @param longestPause milliseconds, shorter than the silence that causes a failover */
export function masterFaults(
  pickMaster: (random: Random) => Promise<RedisServer>,
  longestPause: number,
): readonly Fault[] {
  const commitOn = (act: (master: RedisServer, world: World) => Promise<void>) => async (world: World) =>
    act(await pickMaster(world.random), world);
  return [
    {
      name: 'Redis: pause',
      commit: commitOn((master, { random }) => freeze(master, between(100, longestPause, random))),
    },
    {
      name: 'Redis: full memory',
      commit: commitOn(async ({ client }, { random }) => {
        await client.config('SET', 'maxmemory', '1');
        await pause(between(500, 2_000, random));
        await client.config('SET', 'maxmemory', '0');
      }),
    },
  ];
}
