import test from 'ava';
import { testSessionStore } from '../../../src/conformance/session-store.js';
import { Teardowns } from '../../support/teardowns.js';
import { testRule } from '../test-rule.js';
import { redisStores } from './create-redis-store.js';
import { ReplicaPair } from './faults/replica-pair.js';

const teardowns = new Teardowns();
let pair: ReplicaPair | undefined;

test.serial.before('a master and its replica are started', async () => {
  pair = await ReplicaPair.start(teardowns);
});
test.after.always('the master and its replica are stopped', () => teardowns.run());

testSessionStore({
  test: testRule(test),
  create: redisStores(() => {
    if (pair === undefined) throw new Error('no server is started before the first test');
    const { client, url } = pair.master;
    return { client, options: { url, replicas: { count: 1, timeout: 60_000 } } };
  }),
  timeUnit: 1,
});
