import type { RedisServer } from '../../support/redis-server.js';
import type { Fault, World } from '../faults.js';
import { steadyNow } from '../steady.js';
import { inStep, promoted } from './redis-servers.js';
import type { ReplicationWatch } from './replication-watch.js';

/** Milliseconds by which a replica in step may be behind its master: it asks once a second for what it missed. */
const lag = 3_000;

export interface Pair {
  readonly master: RedisServer;
  readonly replica: RedisServer;
}

/** Returns a fault that runs a failover of two servers in step, and waits until they are in step again. */
export function failover(
  name: string,
  watch: ReplicationWatch,
  pickPair: (world: World) => Promise<Pair>,
  act: (pair: Pair) => Promise<void>,
  mayForget: boolean,
): Fault {
  return {
    name,
    commit: async (world) => {
      await watch.look(world);
      const pair = await pickPair(world);
      await inStep(pair.replica);
      const from = steadyNow() - lag;
      await act(pair);
      await promoted(pair.replica);
      await inStep(pair.master);
      if (mayForget) world.changes.wentBack(from, steadyNow());
      await watch.expect();
    },
  };
}
