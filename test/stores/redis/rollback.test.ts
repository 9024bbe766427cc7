// @own-worker: it keeps the processor busy, and tests beside it would wait.
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import * as v from 'valibot';
import { type SessionContext, SystemClock } from '../../../src/index.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { rounds } from '../../support/limits.js';
import { checkRollbacks } from '../../support/rollback-property.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';

const server = serverFor(test);

/** Returns names and contents of all keys with the prefix. One atomic step, because a key may expire at any time. */
const dumpAll = `
  local all = {}
  for _, name in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do
    all[#all + 1] = name
    all[#all + 1] = redis.call('DUMP', name)
  end
  return all`;

/** Restores the keys with the prefix to what `dumpAll` returned, in one atomic step. */
const restoreAll = `
  for _, name in ipairs(redis.call('KEYS', ARGV[1] .. '*')) do redis.call('DEL', name) end
  for index = 2, #ARGV, 2 do redis.call('RESTORE', ARGV[index], 0, ARGV[index + 1]) end`;

test('after a restore of older data, a node that keeps running delivers every message, or reports lost or reset to its reader', async (t) => {
  const { client, url } = server();
  await checkRollbacks({
    stage: async (context: SessionContext) => {
      const keyPrefix = freshPrefix();
      const mark = async () => {
        const kept = v.parse(v.array(v.instance(Buffer)), await client.callBuffer('EVAL', dumpAll, 0, keyPrefix));
        const goBack = async () => {
          await client.call('EVAL', restoreAll, 0, keyPrefix, ...kept);
          return undefined;
        };
        return { next: undefined, goBack };
      };
      const store = new RedisStore(context, { url, keyPrefix });
      const clock = new SystemClock();
      return { clock, context, store, tells: false, tick: () => pause(1), mark, close: async () => {} };
    },
    runs: rounds({ sample: 8, full: 200 }),
  });
  t.pass();
});
