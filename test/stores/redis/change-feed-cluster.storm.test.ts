import test from 'ava';
import { testChangeFeed } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { redisStores } from './create-redis-store.js';
import { onCluster } from './places.js';

testChangeFeed({ test: testRule(test), create: redisStores(onCluster(test)), timeUnit: 1 });
