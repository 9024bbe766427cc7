import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { startedNodes } from '../nodes/started-nodes.js';
import { testRule } from '../test-rule.js';
import { sqliteStoresOver } from './create-sqlite-store.js';

testSessionStore({ test: testRule(test), create: sqliteStoresOver(startedNodes(test, 4)), timeUnit: 1 });
