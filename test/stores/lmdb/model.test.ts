import test from 'ava';
import { checkStoreAgainstModel } from '../../conformance/session-store-model.js';
import { lmdbStores } from './create-lmdb-store.js';

test('the store does what the model does', async (t) => {
  await checkStoreAgainstModel({ create: lmdbStores, timeUnit: 1, runs: 60, length: 120 });
  t.pass();
});
