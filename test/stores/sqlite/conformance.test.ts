import test from 'ava';
import { testChangeFeed, testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { sqliteStores } from './create-sqlite-store.js';

testSessionStore({ test: testRule(test), create: sqliteStores, timeUnit: 1 });
testChangeFeed({ test: testRule(test), create: sqliteStores, timeUnit: 1 });
