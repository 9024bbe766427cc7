import type { ExecutionContext, TestFn } from 'ava';
import type { SessionContextOptions } from '../../../../src/index.js';
import type { RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { type Pair, wakeUpFaults } from '../../nodes/faults/wake-up.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import type { ServiceSettings } from '../../nodes/start-service.js';
import { freshPrefix } from '../exact-clock.js';

type Launch = (settings: ServiceSettings) => Promise<ServiceProcess>;

function twoNodes(launch: Launch, where: RedisStoreOptions, context: SessionContextOptions): Promise<Pair> {
  const settings = { context, options: { ...where, keyPrefix: freshPrefix() } };
  return Promise.all([launch(settings), launch(settings)]);
}

/**
 * Declares the wake-up tests on the Redis to which `where` leads.
 * @returns the two nodes with default settings; the tests share them because processes take long to start
 */
export function wakeUpAt(test: TestFn, where: () => RedisStoreOptions): () => Pair {
  let usual: Pair | undefined;
  test.serial.before('nodes are started', async () => {
    usual = await twoNodes(ServiceProcess.launch, where(), {});
  });
  test.after.always('the nodes are stopped', async () => {
    for (const node of usual ?? []) await node.kill();
  });
  const pair = (): Pair => {
    if (usual === undefined) throw new Error('no nodes are started');
    return usual;
  };
  /** Declares a test. The test has its own nodes if it has its own settings. */
  const declare = (
    title: string,
    context: SessionContextOptions | undefined,
    body: (t: ExecutionContext, nodes: Pair) => Promise<void>,
  ): void => {
    test.serial(title, async (t) => {
      const launch = (settings: ServiceSettings) => ServiceProcess.start(t, settings);
      await body(t, context === undefined ? pair() : await twoNodes(launch, where(), context));
    });
  };
  wakeUpFaults(declare);
  return pair;
}
