// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { checkStoreAgainstModel } from '../../../src/conformance/session-store-model.js';
import { startedNodes } from '../nodes/started-nodes.js';
import { sqliteStores, sqliteStoresOver } from './create-sqlite-store.js';
import { stormSize } from './storm-size.js';

const nodes = startedNodes(test, 4);

test('the store behaves like the model', async (t) => {
  await checkStoreAgainstModel({ create: sqliteStores, timeUnit: 1, runs: stormSize(8, 500), length: 120 });
  t.pass();
});

test('four nodes together behave like the model', async (t) => {
  await checkStoreAgainstModel({ create: sqliteStoresOver(nodes), timeUnit: 1, runs: stormSize(3, 200) });
  t.pass();
});
