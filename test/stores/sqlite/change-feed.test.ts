import test from 'ava';
import { testChangeFeed } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { sqliteStores } from './create-sqlite-store.js';

testChangeFeed({ test: testRule(test), create: sqliteStores, timeUnit: 1 });
