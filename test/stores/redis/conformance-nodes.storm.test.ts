import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { redisStoresOver } from './create-redis-store.js';
import { onNodes, onServer } from './places.js';

testSessionStore({ test: testRule(test), create: redisStoresOver(onNodes(test), onServer(test)), timeUnit: 1 });
