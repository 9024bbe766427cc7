import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { redisStores } from './create-redis-store.js';
import { onCluster } from './places.js';

testSessionStore({ test: testRule(test), create: redisStores(onCluster(test)), timeUnit: 1 });
