import type { SharedWorker } from 'ava/plugin';
import { RedisCluster } from './redis-cluster.js';

/**
 * Runs in AVA's main process, once for all test files of a run. Starts a Cluster at the first request of a test file, and
 * replies with the ports of its masters. The guards of the Cluster's processes end them together with AVA.
 */
const factory: SharedWorker.Factory = async ({ negotiateProtocol }) => {
  const protocol = negotiateProtocol(['ava-4']).ready();
  let starting: Promise<unknown> | undefined;
  for await (const message of protocol.subscribe()) {
    starting ??= RedisCluster.start().then(
      ({ masters }) => masters.map(({ port }) => port),
      (error: unknown) => String(error),
    );
    void starting.then((reply) => message.reply(reply));
  }
};

export default factory;
