import test from 'ava';
import { testChangeFeed } from '../../../src/conformance/session-store.js';
import { testRule } from '../test-rule.js';
import { redisStores } from './create-redis-store.js';
import { onServer } from './places.js';

testChangeFeed({ test: testRule(test), create: redisStores(onServer(test)), timeUnit: 1 });
