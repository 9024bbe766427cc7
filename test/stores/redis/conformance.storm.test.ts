import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { redisStores } from './create-redis-store.js';
import { onServer } from './places.js';

// Within one process. `conformance-nodes.test.ts` runs the same rules over several with each run of the tests.
testSessionStore({ test: testRule(test), create: redisStores(onServer(test)), timeUnit: 1 });
