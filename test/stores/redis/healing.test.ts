import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { type SessionContextOptions, SessionManager, sessionModule } from '../../../src/index.js';
import { redisStore } from '../../../src/stores/redis/index.js';
import { keyNames } from '../../../src/stores/redis/keys.js';
import { freshPrefix } from './exact-clock.js';
import { keysUnder } from './key-dump.js';
import { serverFor } from './places.js';

const server = serverFor(test);

/** Starts a service. @returns also functions that delete a session's keys as an operator or an eviction would */
async function start(t: ExecutionContext, context: SessionContextOptions = {}) {
  const keyPrefix = freshPrefix();
  const container = new Container();
  container.load(sessionModule(context, redisStore({ url: server().url, keyPrefix, buckets: 4 })));
  t.teardown(() => container.unbindAllAsync());
  const manager = await container.getAsync(SessionManager);
  const { client } = server();
  const lose = async (id: string) => {
    const keys = (await keysUnder(client, keyPrefix)).filter((key) => key.endsWith(id));
    t.true(keys.length > 0);
    await client.del(...keys);
  };
  /** Returns the number of index entries of the session. */
  const traces = async (id: string) => {
    let count = 0;
    for (const key of await keysUnder(client, keyPrefix)) {
      if ((await client.type(key)) !== 'zset') continue;
      count += (await client.zrange(key, '0', '-1')).filter((member) => member.includes(id)).length;
    }
    return count;
  };
  /** Deletes one key of the session. `name` is a name of keys.ts. */
  const loseOnly = async (name: string, id: string) => {
    const keys = (await keysUnder(client, keyPrefix)).filter((key) => key.includes(`}:${name}`) && key.endsWith(id));
    t.is(await client.del(...keys), 1);
  };
  /** The keys without a deadline. */
  const endless = async () => {
    const kept: string[] = [];
    for (const key of await keysUnder(client, keyPrefix)) if ((await client.pttl(key)) === -1) kept.push(key);
    return kept;
  };
  return { manager, lose, loseOnly, traces, endless };
}

test('a session whose keys were deleted is unknown, and no list contains it', async (t) => {
  const { manager, lose } = await start(t);
  const [lost, kept] = [await manager.createSession('alice'), await manager.createSession('alice')];
  await lose(lost.id);
  await t.throwsAsync(manager.authenticate(lost.token), { code: 'SESSION_UNKNOWN' });
  await t.throwsAsync(manager.push(lost.id, 1), { code: 'SESSION_UNKNOWN' });
  const ids = (sessions: readonly { readonly id: string }[]) => sessions.map(({ id }) => id);
  t.deepEqual(ids(await manager.sessionsOfAccount('alice')), [kept.id]);
  t.deepEqual(ids((await manager.sessionsOfApp()).sessions), [kept.id]);
  t.deepEqual(await manager.pushToAccount('alice', 1), { accepted: 1, dropped: 0, refused: 0 });
  t.deepEqual(await manager.pushToApp(1), { accepted: 1, dropped: 0, refused: 0 });
  t.is(await manager.activity(60_000), 1);
  t.is(await manager.closeAccount('alice'), 1);
});

for (const onMaxSession of ['reject', 'evict-oldest', 'evict-idle'] as const) {
  test(`sessions whose keys were deleted do not count against the limit under ${onMaxSession}`, async (t) => {
    const { manager, lose } = await start(t, { maxSession: 2, onMaxSession });
    const [lost, kept] = [await manager.createSession('alice'), await manager.createSession('alice')];
    await lose(lost.id);
    const fresh = await manager.createSession('alice');
    const live = (await manager.sessionsOfAccount('alice')).map(({ id }) => id);
    t.deepEqual(live.toSorted(), [kept.id, fresh.id].toSorted());
  });
}

test('an account whose sessions were all deleted is not active', async (t) => {
  const { manager, lose } = await start(t);
  await lose((await manager.createSession('alice')).id);
  await manager.createSession('bob');
  t.is(await manager.activity(60_000), 1);
  t.is((await manager.sessionsOfApp()).sessions.length, 1);
  t.is(await manager.closeApp(), 1);
});

test('index entries of deleted sessions are dropped', async (t) => {
  const { manager, lose, traces } = await start(t, { gcTime: 2_000, gcInterval: 20, hbGrace: 100, hbTime: 20 });
  const { id } = await manager.createSession('alice');
  t.true((await traces(id)) > 0);
  await lose(id);
  await manager.sessionsOfAccount('alice');
  await manager.sessionsOfApp();
  const closed: string[] = [];
  manager.on('closed', (session) => closed.push(session.id));
  // The sweep takes this session after the deleted one, whose deadline is earlier.
  const next = await manager.createSession('bob');
  const swept = new Promise<void>((resolve) => manager.on('closed', (session) => session.id === next.id && resolve()));
  await swept;
  t.is(await traces(id), 0);
  t.deepEqual(closed, [next.id]);
});

test('a mailbox whose messages were evicted reports them as lost, and continues to work', async (t) => {
  const { manager, loseOnly } = await start(t, { msgMaxLength: 3 });
  for (const between of ['nothing', 'a push', 'a push with the key', 'a look'] as const) {
    const session = await manager.createSession(between);
    await manager.push(session.id, 1);
    await manager.push(session.id, 2, { key: 'k' });
    await manager.push(session.id, 3, { key: 'k' });
    await loseOnly(keyNames.messages, session.id);
    if (between === 'a push') await manager.push(session.id, 4);
    if (between === 'a push with the key') await manager.push(session.id, 4, { key: 'k' });
    if (between === 'a look') t.is((await manager.getSession(session.id)).undelivered, 2);
    const { messages, lost } = await manager.poll(session.id, { after: '', wait: 0 });
    t.true(lost >= 2, `${lost} after ${between}`);
    t.deepEqual(
      messages.map(({ data }) => data),
      between.startsWith('a push') ? [4] : [],
    );
    await manager.push(session.id, 5);
    const { messages: next } = await manager.poll(session.id, { after: '', wait: 0 });
    t.is(next.at(-1)?.data, 5);
  }
});

test('messages pushed after others were evicted are delivered to a reader that continues', async (t) => {
  const { manager, loseOnly } = await start(t);
  const { id } = await manager.createSession('alice');
  for (const data of [1, 2, 3]) await manager.push(id, data);
  const { cursor } = await manager.poll(id, { after: '', limit: 2, wait: 0 });
  await loseOnly(keyNames.messages, id);
  await manager.push(id, 4);
  await manager.push(id, 5, { key: 'k' });
  await manager.push(id, 6, { key: 'k' });
  const { messages, lost } = await manager.poll(id, { after: cursor, wait: 0 });
  t.deepEqual([messages.map(({ data }) => data), lost], [[4, 6], 1]);
  t.is((await manager.getSession(id)).undelivered, 2);
});

test('a name whose session key alone was evicted is used again without its old attributes and messages', async (t) => {
  const { manager, loseOnly } = await start(t);
  const { session } = await manager.createNamedSession('alice', 'phone', { attributes: { admin: true } });
  await manager.push(session.id, 'old', { key: 'k' });
  await loseOnly(keyNames.session, session.id);
  t.true((await manager.createNamedSession('alice', 'phone', { attributes: { a: 1 } })).created);
  t.deepEqual({ ...(await manager.getSession(session.id)).getAllAttr() }, { a: 1 });
  await manager.push(session.id, 'new');
  const { messages } = await manager.poll(session.id, { after: '', wait: 0 });
  t.deepEqual(
    messages.map(({ data }) => data),
    ['new'],
  );
});

test('keys that are written again after an eviction expire like all others', async (t) => {
  const { manager, loseOnly, endless } = await start(t);
  const session = await manager.createSession('alice', { attributes: { a: 1 } });
  await manager.push(session.id, 1, { key: 'k' });
  await loseOnly(keyNames.attributes, session.id);
  await loseOnly(keyNames.keyedMessages, session.id);
  await session.setAttr('b', 2);
  await manager.push(session.id, 2, { key: 'k' });
  t.deepEqual(await endless(), []);
  const newer = await manager.createSession('alice', { attributes: { c: 3 } });
  await loseOnly(keyNames.attributes, newer.id);
  await manager.replaceSession(newer.id, session.id);
  t.deepEqual({ ...(await manager.getSession(newer.id)).getAllAttr() }, { b: 2 });
  t.deepEqual(await endless(), []);
  await loseOnly(keyNames.due, '');
  await manager.renewSession(newer.id, { ttl: 60_000 });
  t.deepEqual(await endless(), []);
});

test('the name of a session whose keys were deleted can be used again, and counts once', async (t) => {
  const { manager, lose, traces } = await start(t, { maxSession: 2 });
  const { session } = await manager.createNamedSession('alice', 'phone');
  const indexed = await traces(session.id);
  await lose(session.id);
  t.true((await manager.createNamedSession('alice', 'phone')).created);
  t.is(await traces(session.id), indexed);
  t.deepEqual(
    (await manager.sessionsOfAccount('alice')).map(({ id }) => id),
    [session.id],
  );
  await manager.createSession('alice');
  await t.throwsAsync(manager.createSession('alice'), { code: 'SESSION_LIMIT' });
});
