// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { checkStoreAgainstModel } from '../../../src/conformance/session-store-model.js';
import { rounds } from '../../support/limits.js';
import { createMemoryStore } from './create-memory-store.js';

test('the memory store behaves like the model for any operations in any order', async (t) => {
  await checkStoreAgainstModel({
    create: createMemoryStore,
    timeUnit: 1,
    runs: rounds({ sample: 60, full: 500 }),
    length: 150,
  });
  t.pass();
});
