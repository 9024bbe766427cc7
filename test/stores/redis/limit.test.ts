import test from 'ava';
import { SessionContext, type SessionContextOptions, SessionError } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';
import { app, newSession } from './workload.js';

const server = serverFor(test);

for (const onMaxSession of ['reject', 'evict-oldest', 'evict-idle'] as const) {
  test(`under ${onMaxSession} concurrent logins leave exactly maxSession sessions per account`, async (t) => {
    const context: SessionContextOptions = { maxSession: 3, onMaxSession };
    const store = new RedisStore(new SessionContext(context), {
      url: server().url,
      keyPrefix: freshPrefix(),
      buckets: 1,
    });
    await store.open(noListener);
    t.teardown(() => store.close());
    const maxSession = 3;
    for (const accountId of ['alice', 'bob']) {
      const logins = Array.from({ length: 3 }, () => newSession(store, accountId, { maxSession }));
      const inserted = await Promise.all(logins.map((login) => store.insert(login)));
      t.true(
        inserted.every(({ evicted }) => evicted.length === 0),
        'the limit itself is admitted',
      );
      const late = await Promise.allSettled(
        Array.from({ length: 4 }, () => store.insert(newSession(store, accountId, { maxSession }))),
      );
      for (const result of late) {
        if (onMaxSession === 'reject') {
          t.true(result.status === 'rejected' && SessionError.is(result.reason, 'SESSION_LIMIT'));
        } else {
          t.is(result.status === 'fulfilled' ? result.value.evicted.length : -1, 1, 'each evicts one');
        }
      }
      t.is((await store.listAccount(app, accountId)).length, 3);
    }
    t.is((await store.listAccount(app, 'alice')).length, 3, 'an account does not count against another');
  });
}

test('a limit of 0 means no limit', async (t) => {
  const context = new SessionContext({ maxSession: 0 });
  const store = new RedisStore(context, { url: server().url, keyPrefix: freshPrefix() });
  await store.open(noListener);
  t.teardown(() => store.close());
  for (let each = 0; each < 20; each += 1) await store.insert(newSession(store, 'alice'));
  t.is((await store.listAccount(app, 'alice')).length, 20);
});
