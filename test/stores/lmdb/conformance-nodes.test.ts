import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { startedNodes } from '../nodes/started-nodes.js';
import { testRule } from '../test-rule.js';
import { lmdbStoresOver } from './create-lmdb-store.js';

testSessionStore({ test: testRule(test), create: lmdbStoresOver(startedNodes(test, 4)), timeUnit: 1 });
