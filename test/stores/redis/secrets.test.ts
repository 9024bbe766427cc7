import test from 'ava';
import { Container } from 'inversify';
import { type ReadRequest, SessionContext, SessionManager, sessionModule } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { hashSecret, secretOf } from '../../../src/store/session-token.js';
import { RedisStore, redisStore } from '../../../src/stores/redis/index.js';
import { Keys } from '../../../src/stores/redis/keys.js';
import { RedisProxy } from '../../support/redis-proxy.js';
import { freshPrefix } from './exact-clock.js';
import { dumpOf, keysUnder } from './key-dump.js';
import { serverFor } from './places.js';
import { alias, app, newSession, outgoing } from './workload.js';

// Compression would hide the content of a value.
const server = serverFor(test, { rdbcompression: 'no' });
const account = 'a-telling-name@example.org';
const idLength = 24;

test('no secret is stored or sent, and no key contains the name of an account', async (t) => {
  const { client, port } = server();
  const proxy = await RedisProxy.start(port);
  const keyPrefix = freshPrefix();
  const container = new Container();
  container.load(sessionModule({}, redisStore({ url: proxy.url, keyPrefix })));
  t.teardown(async () => {
    await container.unbindAllAsync();
    await proxy.close();
  });
  const manager = await container.getAsync(SessionManager);
  const first = await manager.createSession(account, { attributes: { theme: 'dark' } });
  const second = await manager.createSession(account);
  const tokens = [first.token, second.token, (await manager.rotateToken(first.id)).token];
  await manager.authenticate(tokens[2] ?? '');
  await t.throwsAsync(manager.authenticate(first.token), { code: 'SESSION_UNKNOWN' });
  await manager.push(first.id, 'hi', { key: 'k' });
  void manager.poll(second.id, { after: '' });
  await manager.closeSession(second.id);
  const values = await dumpOf(client, keyPrefix);
  const keys = await keysUnder(client, keyPrefix);
  t.true(
    [...values.values()].some((value) => value.includes(account)),
    'values are readable',
  );
  const sent = proxy.requests.map(({ parts }) => Buffer.concat(parts).toString('latin1')).join('\n');
  t.true(sent.includes(first.id));
  for (const token of tokens) {
    const secret = token.slice(idLength);
    for (const text of [...keys, ...values.values(), sent]) t.false(text.includes(secret));
  }
  for (const key of keys) t.false(key.includes(account) || key.includes('telling'), key);
  const channels = (await client.pubsub('CHANNELS', '*')) as string[];
  t.false(channels.some((channel) => channel.includes(account)));
});

test('a stolen hash does not authenticate', async (t) => {
  const { client, url } = server();
  const keyPrefix = freshPrefix();
  const container = new Container();
  container.load(sessionModule({}, redisStore({ url, keyPrefix })));
  t.teardown(() => container.unbindAllAsync());
  const manager = await container.getAsync(SessionManager);
  const { id, token } = await manager.createSession('alice');
  const value = (await dumpOf(client, keyPrefix)).get(
    (await keysUnder(client, keyPrefix)).find((key) => key.endsWith(id)) ?? '',
  );
  const hash = /[A-Za-z0-9_-]{43}/.exec(value ?? '')?.[0] ?? '';
  t.is(hash.length, 43);
  const stolen =
    id +
    hash
      .replaceAll(/[^0-9A-Za-z]/g, '')
      .padEnd(40, '0')
      .slice(0, 40);
  await t.throwsAsync(manager.authenticate(stolen), { code: 'SESSION_UNKNOWN' });
  t.is((await manager.authenticate(token)).id, id);
});

test('a wrong secret is answered like an unknown session, live or closed, and changes nothing', async (t) => {
  const { client, url } = server();
  const keyPrefix = freshPrefix();
  const store = new RedisStore(new SessionContext(), { url, keyPrefix });
  await store.open(noListener);
  t.teardown(() => store.close());
  const [live, closed] = [newSession(store, 'alice'), newSession(store, 'alice')];
  for (const session of [live, closed]) await store.insert(session);
  await store.append(app, live.id, outgoing('hi'));
  await store.end(app, closed.id, 'revoked');
  const before = await dumpOf(client, keyPrefix);
  const request: ReadRequest = {
    reader: 'r',
    after: '',
    limit: 9,
    wait: 0,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  };
  const wrong = [hashSecret('wrong'), live.secretHash.slice(0, -1), `${live.secretHash}A`];
  for (const { id } of [live, closed]) {
    for (const secretHash of wrong) {
      const unknown = { code: 'SESSION_UNKNOWN' };
      await t.throwsAsync(store.authenticate(app, id, secretHash), unknown);
      await t.throwsAsync(store.patchAsBearer(app, id, secretHash, { b: '2' }), unknown);
      await t.throwsAsync(store.read(app, id, { ...request, secretHash }), unknown);
      t.is(await store.endAsBearer(app, id, secretHash, 'logout'), undefined);
    }
  }
  t.deepEqual(await dumpOf(client, keyPrefix), before);
  await store.rotate(app, live.id, hashSecret('new'), false);
  await t.throwsAsync(store.authenticate(app, live.id, live.secretHash), { code: 'SESSION_UNKNOWN' });
  t.is((await store.authenticate(app, live.id, hashSecret('new'))).record.id, live.id);
});

test('an account whose score equals that of another account gets none of its sessions', async (t) => {
  const { client, url } = server();
  const keyPrefix = freshPrefix();
  const store = new RedisStore(new SessionContext({ maxSession: 1 }), { url, keyPrefix, buckets: 1 });
  await store.open(noListener);
  t.teardown(() => store.close());
  const alice = newSession(store, 'alice');
  await store.insert(alice);
  const keys = new Keys(keyPrefix, 1);
  const index = keys.index(keys.buckets[0] ?? '', app);
  const [entry = ''] = await client.zrange(index, '0', '-1');
  await client.zadd(index, keys.placeOf(app, 'bob').accountScore, entry);
  t.deepEqual(await store.listAccount(app, 'bob'), []);
  t.deepEqual(await store.appendToAccount(app, 'bob', outgoing('hi')), []);
  t.deepEqual(await store.endAccount(app, 'bob', 'revoked', undefined), []);
  await t.notThrowsAsync(store.insert(newSession(store, 'bob')), 'it does not count against the limit');
  t.is((await store.get(app, alice.id)).undelivered, 0);
});

test('no key and no value of an adopted session contains its token', async (t) => {
  const { client, url } = server();
  const keyPrefix = freshPrefix();
  const store = new RedisStore(new SessionContext(), { url, keyPrefix });
  await store.open(noListener);
  t.teardown(() => store.close());
  const times = { ttl: 600_000, maxAge: 0, createdAt: Date.now(), lastTime: Date.now() };
  const session = { app, accountId: 'alice', ip: '', userAgent: '', reads: 0, writes: 0, attributes: {}, ...times };
  await store.adopt(alias, session);
  t.truthy(await store.resolveAlias(app, alias));
  for (const [key, value] of await dumpOf(client, keyPrefix)) {
    t.false(key.includes(alias) || value.includes(alias), key);
    t.false(key.includes(secretOf(alias)) || value.includes(secretOf(alias)), key);
  }
});
