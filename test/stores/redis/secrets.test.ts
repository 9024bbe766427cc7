import test from 'ava';
import { Container } from 'inversify';
import { SessionManager, sessionModule } from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { RedisProxy } from '../../support/redis-proxy.js';
import { freshPrefix } from './exact-clock.js';
import { dumpOf, keysUnder } from './key-dump.js';
import { serverFor } from './places.js';

// A compressed value would hide what it contains.
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

test('a stolen hash authenticates nothing', async (t) => {
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
