import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { sqliteStores } from './create-sqlite-store.js';

// Within one process. `conformance-nodes.test.ts` runs the same rules over several with each run of the tests.
testSessionStore({ test: testRule(test), create: sqliteStores, timeUnit: 1 });
