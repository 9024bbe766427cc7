import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { hashSecret, secretOf } from '../../../src/store/session-token.js';
import type { AdoptedSession } from '../../../src/store/token-aliases.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { freshPrefix } from './exact-clock.js';
import { onCluster, onServer } from './places.js';

const places = { server: onServer(test), cluster: onCluster(test) };
const token = (each: number) => String(each).padStart(64, 'x');

function sessionOf(accountId: string, changes: Partial<AdoptedSession> = {}): AdoptedSession {
  const now = Date.now();
  return {
    app: 'shop',
    accountId,
    ip: '192.0.2.7',
    userAgent: '',
    ttl: 600_000,
    maxAge: 0,
    createdAt: now - 100_000,
    lastTime: now - 50_000,
    reads: 7,
    writes: 3,
    attributes: { a: '1' },
    ...changes,
  };
}

async function openStore(options: RedisStoreOptions): Promise<RedisStore> {
  const store = new RedisStore(new SessionContext({ maxSession: 0 }), { ...options, keyPrefix: freshPrefix() });
  await store.open(noListener);
  return store;
}

for (const [name, place] of Object.entries(places)) {
  test(`${name}: an adopted session keeps its times, counts and attributes, and its alias resolves to it`, async (t) => {
    const store = await openStore(place().options);
    t.teardown(() => store.close());
    // So many accounts that some aliases are in other buckets than their sessions.
    for (let each = 0; each < 50; each += 1) {
      const session = sessionOf(`account ${each}`);
      t.false(await store.isAdopted('shop', token(each)));
      t.is(await store.resolveAlias('shop', token(each)), undefined);
      t.true(await store.adopt(token(each), session));
      t.true(await store.isAdopted('shop', token(each)));
      t.false(await store.isAdopted('blog', token(each)));
      const alias = await store.resolveAlias('shop', token(each));
      t.is(alias?.rememberFor, session.ttl);
      const record = await store.get('shop', alias?.id ?? '');
      t.like(record, { ...session, presence: 'away', undelivered: 0 });
      const { record: seen } = await store.authenticate('shop', record.id, hashSecret(secretOf(token(each))));
      t.is(seen.reads, 8);
      t.deepEqual(
        (await store.listAccount('shop', `account ${each}`)).map(({ id }) => id),
        [record.id],
      );
    }
    t.is(await store.countActiveAccounts('shop', 45_000), 50);
  });

  test(`${name}: a second adoption of the same token changes nothing, even when the session is closed`, async (t) => {
    const store = await openStore(place().options);
    t.teardown(() => store.close());
    await store.adopt(token(1), sessionOf('alice'));
    const { id } = (await store.resolveAlias('shop', token(1))) ?? { id: '' };
    await store.patch('shop', id, { a: '2' });
    t.false(await store.adopt(token(1), sessionOf('alice')));
    t.like(await store.get('shop', id), { attributes: { a: '2' } });
    await store.end('shop', id, 'revoked');
    t.false(await store.adopt(token(1), sessionOf('alice')));
    t.deepEqual(await store.listAccount('shop', 'alice'), []);
  });

  test(`${name}: of concurrent adoptions of one token only one creates a session`, async (t) => {
    const store = await openStore(place().options);
    t.teardown(() => store.close());
    const adoptions = Array.from({ length: 10 }, () => store.adopt(token(1), sessionOf('alice')));
    t.is((await Promise.all(adoptions)).filter((isNew) => isNew).length, 1);
    t.is((await store.listAccount('shop', 'alice')).length, 1);
  });
}

test('an expired session is not adopted, and times ahead of the server’s clock become the server’s time', async (t) => {
  const store = await openStore(places.server().options);
  t.teardown(() => store.close());
  const past = sessionOf('alice', { lastTime: Date.now() - 600_001 });
  t.false(await store.adopt(token(1), past));
  const hour = 3_600_000;
  t.true(
    await store.adopt(token(2), sessionOf('alice', { createdAt: Date.now() + hour, lastTime: Date.now() + hour })),
  );
  const [record] = await store.listAccount('shop', 'alice');
  t.true((record?.lastTime ?? 0) <= Date.now() + 1_000);
  t.true((record?.createdAt ?? 0) <= Date.now() + 1_000);
});

test('an adopted session and its alias expire by themselves', async (t) => {
  const { client, options } = places.server();
  const keyPrefix = freshPrefix();
  const store = new RedisStore(new SessionContext({ maxSession: 0 }), { ...options, keyPrefix });
  await store.open(noListener);
  t.teardown(() => store.close());
  await store.adopt(token(1), sessionOf('alice'));
  for (const key of await client.keys(`${keyPrefix}*`)) t.true((await client.pttl(key)) > 0, key);
});
