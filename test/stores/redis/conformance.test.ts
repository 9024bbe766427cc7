// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { redisStores } from './create-redis-store.js';
import { onServer } from './places.js';

// Runs in one process. `npm run test:storm` runs the same rules over several nodes and on a Cluster.
testSessionStore({ test: testRule(test), create: redisStores(onServer(test)), timeUnit: 1 });
