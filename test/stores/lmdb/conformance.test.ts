import test from 'ava';
import { testChangeFeed, testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { lmdbStores } from './create-lmdb-store.js';

testSessionStore({ test: testRule(test), create: lmdbStores, timeUnit: 1 });
testChangeFeed({ test: testRule(test), create: lmdbStores, timeUnit: 1 });
