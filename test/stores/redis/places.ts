import type { TestFn } from 'ava';
import { type ClusterShape, RedisCluster } from '../../support/redis-cluster.js';
import { RedisServer, type RedisSettings } from '../../support/redis-server.js';
import { SharedCluster } from '../../support/shared-cluster.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { startedNodes } from '../nodes/started-nodes.js';
import type { Place } from './create-redis-store.js';

const nodeCount = 3;

/** Starts a server for all tests of a file. */
export function serverFor(test: TestFn, settings?: RedisSettings): () => RedisServer {
  return startedFor(
    test,
    'a server',
    () => RedisServer.start(settings),
    (server) => server.stop(),
  );
}

/** Starts a Cluster of three masters for all tests of a file. The tests may stop its nodes and move its slots. */
export function clusterFor(test: TestFn, shape?: ClusterShape): () => RedisCluster {
  return startedFor(
    test,
    'a Cluster',
    () => RedisCluster.start(shape),
    (cluster) => cluster.stop(),
  );
}

/** Connects to the Cluster of three masters that all test files share. Tests must not stop its nodes or count keys. */
export function sharedClusterFor(test: TestFn): () => SharedCluster {
  return startedFor(
    test,
    'the shared Cluster',
    () => SharedCluster.connect(),
    (cluster) => cluster.disconnect(),
  );
}

export function onServer(test: TestFn): () => Place {
  const server = serverFor(test);
  return () => ({ options: { url: server().url }, client: server().client });
}

export function onCluster(test: TestFn): () => Place {
  const cluster = sharedClusterFor(test);
  // Stores share the client of the test: connecting to a Cluster takes longer than most tests.
  return () => ({ options: { client: cluster().client }, client: cluster().client });
}

/** Starts several nodes for all tests of a file. */
export function onNodes(test: TestFn): () => readonly NodeProcess[] {
  return startedNodes(test, nodeCount);
}

function startedFor<Started>(
  test: TestFn,
  what: string,
  start: () => Promise<Started>,
  stop: (started: Started) => unknown,
): () => Started {
  let started: Started | undefined;
  test.serial.before(`${what} is started`, async () => {
    started = await start();
  });
  test.after.always(`${what} is stopped`, async () => {
    if (started !== undefined) await stop(started);
  });
  return () => {
    if (started === undefined) throw new Error(`${what} is not started before the first test`);
    return started;
  };
}
