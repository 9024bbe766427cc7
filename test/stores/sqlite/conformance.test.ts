// @own-worker: it keeps the processor busy, and tests beside it would wait.
import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { sqliteStores } from './create-sqlite-store.js';

// Runs in one process. `npm run test:storm` runs the same rules over several nodes.
testSessionStore({ test: testRule(test), create: sqliteStores, timeUnit: 1 });
