import type { TestFn } from 'ava';
import { type ClusterShape, RedisCluster } from '../../support/redis-cluster.js';
import { RedisServer, type RedisSettings } from '../../support/redis-server.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { startedNodes } from '../nodes/started-nodes.js';
import type { Place } from './create-redis-store.js';

const nodeCount = 3;

/** One server for all tests of a file. */
export function serverFor(test: TestFn, settings?: RedisSettings): () => RedisServer {
  let server: RedisServer | undefined;
  test.serial.before('a server is started', async () => {
    server = await RedisServer.start(settings);
  });
  test.after.always('the server is stopped', () => server?.stop());
  return () => known(server);
}

/** One Cluster of three masters for all tests of a file. */
export function clusterFor(test: TestFn, shape?: ClusterShape): () => RedisCluster {
  let cluster: RedisCluster | undefined;
  test.serial.before('a cluster is started', async () => {
    cluster = await RedisCluster.start(shape);
  });
  test.after.always('the cluster is stopped', () => cluster?.stop());
  return () => known(cluster);
}

export function onServer(test: TestFn): () => Place {
  const server = serverFor(test);
  return () => ({ options: { url: server().url }, client: server().client });
}

export function onCluster(test: TestFn): () => Place {
  const cluster = clusterFor(test);
  return () => ({ options: { cluster: { nodes: cluster().nodes } }, client: cluster().client });
}

/** Several nodes for all tests of a file. */
export function onNodes(test: TestFn): () => readonly NodeProcess[] {
  return startedNodes(test, nodeCount);
}

function known<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('It is not started before the first test');
  return value;
}
