import test from 'ava';
import { testChangeFeed } from '../../../src/conformance/session-store.js';
import { createMemoryStore } from './create-memory-store.js';

testChangeFeed({
  test: (title, body) =>
    test(title, async (t) => {
      await body();
      t.pass();
    }),
  create: createMemoryStore,
  timeUnit: 1,
});
