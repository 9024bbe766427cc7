// @own-worker: it keeps the processor busy, and tests beside it would wait.
import { setTimeout as pause } from 'node:timers/promises';
import test from 'ava';
import { type SessionContext, SystemClock } from '../../../src/index.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { rounds } from '../../support/limits.js';
import { checkRollbacks } from '../../support/rollback-property.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';

const server = serverFor(test);

test('over any older data every message is received, or its reader was told lost or reset, by a node that stays', async (t) => {
  const { client, url } = server();
  const keysOf = (prefix: string) => client.keys(`${prefix}*`);
  await checkRollbacks({
    stage: async (context: SessionContext) => {
      const keyPrefix = freshPrefix();
      const mark = async () => {
        const names = await keysOf(keyPrefix);
        const kept = await Promise.all(names.map((name) => client.dumpBuffer(name)));
        const goBack = async () => {
          await client.del(...(await keysOf(keyPrefix)));
          for (const [index, name] of names.entries()) await client.restore(name, 0, kept[index] ?? '');
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
