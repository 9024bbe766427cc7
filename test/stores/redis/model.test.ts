// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { checkStoreAgainstModel } from '../../../src/conformance/session-store-model.js';
import { rounds } from '../../support/limits.js';
import { redisStores, redisStoresOver } from './create-redis-store.js';
import { onCluster, onNodes, onServer } from './places.js';

const server = onServer(test);
const cluster = onCluster(test);
const nodes = onNodes(test);

test('on a single server the store behaves like the model', async (t) => {
  await checkStoreAgainstModel({
    create: redisStores(server),
    timeUnit: 1,
    runs: rounds({ sample: 6, full: 100 }),
    length: 150,
  });
  t.pass();
});

test('on a Cluster the store behaves like the model', async (t) => {
  await checkStoreAgainstModel({ create: redisStores(cluster), timeUnit: 1, runs: rounds({ sample: 3, full: 50 }) });
  t.pass();
});

test('several nodes together behave like the model', async (t) => {
  await checkStoreAgainstModel({
    create: redisStoresOver(nodes, server),
    timeUnit: 1,
    runs: rounds({ sample: 4, full: 50 }),
  });
  t.pass();
});
