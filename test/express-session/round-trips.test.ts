import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import { SessionManager, sessionModule } from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { freshPrefix } from '../stores/redis/exact-clock.js';
import { serverFor } from '../stores/redis/places.js';
import { RedisProxy } from '../support/redis-proxy.js';
import { loadedSession, sessionData } from './session-data.js';

const server = serverFor(test);
/** Number of measurements. The lowest counts, because the node itself may send commands during some, but not all of them. */
const measurements = 3;

async function start(t: ExecutionContext) {
  const proxy = await RedisProxy.start(server().port);
  const container = new Container();
  const context = { gcInterval: 1_000_000, hbTime: 1_000_000 };
  container.load(sessionModule(context, redisStore({ url: proxy.url, keyPrefix: freshPrefix() })));
  const manager = await container.getAsync(SessionManager);
  const store = new SessionMailboxStore(manager);
  t.teardown(async () => {
    store.close();
    await container.unbindAllAsync();
    await proxy.close();
  });
  const commandsOf = async (act: () => Promise<unknown>) => {
    const counts: number[] = [];
    for (let round = 0; round < measurements; round += 1) {
      const before = proxy.requests.length;
      await act();
      counts.push(proxy.requests.length - before);
    }
    return Math.min(...counts);
  };
  return { manager, store, commandsOf };
}

for (const account of [undefined, 'alice']) {
  const who = account === undefined ? 'a visitor' : 'a login';
  const content = account === undefined ? {} : { accountId: account };

  test(`a request of ${who} takes one round trip to load the session, and one to save or touch it`, async (t) => {
    const { store, commandsOf } = await start(t);
    await store.set('sid', sessionData(content));
    await store.get('sid');
    t.is(await commandsOf(() => store.get('sid')), 1);
    t.is(await commandsOf(() => store.sessionOf('sid')), 1);
    const loaded = await loadedSession(store, 'sid');
    await store.touch('sid', loaded);
    t.is(await commandsOf(() => store.touch('sid', loaded)), 1);
    let changes = 0;
    t.is(
      await commandsOf(() => {
        changes += 1;
        return store.set('sid', Object.assign(loaded, { changes, [`key${changes}`]: changes }));
      }),
      1,
    );
  });
}

test('a login that is not in the cache is loaded in two round trips', async (t) => {
  const { manager, store, commandsOf } = await start(t);
  await store.set('sid', sessionData({ accountId: 'alice' }));
  t.is(await commandsOf(() => new SessionMailboxStore(manager).get('sid')), 2);
});

test('a login that was evicted from the cache is loaded in two round trips', async (t) => {
  const { manager, commandsOf } = await start(t);
  const store = new SessionMailboxStore(manager, { cacheSize: 1 });
  for (const sid of ['one', 'two']) await store.set(sid, sessionData({ accountId: 'alice' }));
  t.is(await commandsOf(() => store.get('two')), 1);
  await store.get('one');
  t.is(
    await commandsOf(async () => {
      await store.get('two');
      await store.get('one');
    }),
    4,
  );
});

test('a destroy takes two round trips, and the creation of a visitor one', async (t) => {
  const { store, commandsOf } = await start(t);
  let count = 0;
  const next = () => {
    count += 1;
    return `sid${count}`;
  };
  t.is(await commandsOf(() => store.set(next(), sessionData({ a: 1 }))), 1);
  count = 0;
  t.is(await commandsOf(() => store.destroy(next())), 2);
});
