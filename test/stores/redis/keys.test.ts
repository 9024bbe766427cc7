import test, { type ExecutionContext } from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { CallQueue } from '../../../src/stores/redis/call-queue.js';
import { RedisConnection } from '../../../src/stores/redis/connection.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { Keys, keyNames } from '../../../src/stores/redis/keys.js';
import { Program, serverTime } from '../../../src/stores/redis/program.js';
import { checkRedisOptions } from '../../../src/stores/redis/redis-options.js';
import { accepted, listsAt, type Reply } from '../../../src/stores/redis/reply-decoders.js';
import { eventually } from '../../support/eventually.js';
import { freshPrefix } from './exact-clock.js';
import { keysUnder } from './key-dump.js';
import { serverFor } from './places.js';
import { alias, app, newSession, outgoing, runWorkload } from './workload.js';

const server = serverFor(test);
const context = new SessionContext({ maxSession: 0, hbGrace: 60_000 });
const buckets = 4;

/** Returns all keys that may exist for these sessions, each with the name of its kind. */
function keysOf(keys: Keys, ids: readonly string[]): ReadonlyMap<string, string> {
  const kinds = new Map<string, string>();
  for (const bucket of keys.buckets) {
    kinds.set(keys.index(bucket, app), 'index');
    kinds.set(keys.due(bucket), 'due');
    kinds.set(keys.online(bucket), 'online');
    kinds.set(keys.nodes(bucket), 'nodes');
    kinds.set(keys.reports(bucket), 'reports');
    kinds.set(keys.mark(bucket), 'mark');
    for (const id of ids) {
      kinds.set(keys.session(bucket, app, id), 'session');
      kinds.set(keys.attributes(bucket, app, id), 'attributes');
      kinds.set(keys.messages(bucket, app, id), 'messages');
      kinds.set(keys.keyedMessages(bucket, app, id), 'keyedMessages');
      kinds.set(keys.claim(bucket, app, id), 'claim');
    }
  }
  return kinds.set(keys.alias(app, alias).key, 'alias');
}

/** Opens a store, and a queue of calls to the same keys, for calls as of a node that dies before its work is done. */
async function start(t: ExecutionContext) {
  const options = checkRedisOptions({ url: server().url, keyPrefix: freshPrefix(), buckets });
  const { keyPrefix } = options;
  const store = new RedisStore(context, options);
  await store.open(noListener);
  const connection = new RedisConnection(options);
  await connection.open(
    () => {},
    () => {},
  );
  t.teardown(async () => {
    await store.close();
    await connection.close();
  });
  const program = new Program(context, { keyPrefix, isCluster: false, timeSource: serverTime });
  return { store, keyPrefix, keys: new Keys(keyPrefix, buckets), queue: new CallQueue(connection, program) };
}

test('a full workload leaves only keys of keys.ts, and keys of every kind except ping', async (t) => {
  const { store, keyPrefix, keys, queue } = await start(t);
  const { ids } = await runWorkload(store);
  // A claim and a report exist only while their node works on them. Here, the node stops before it removes them.
  const brief = newSession(store, 'dave', { ttl: 1 });
  await store.insert(brief);
  const bucket = keys.bucketOf(brief.id) ?? '';
  const [id = ''] = ids;
  const claimed = { bucket: id.slice(0, 2), keys: [keys.session(id.slice(0, 2), app, id)] };
  t.is(await queue.call({ ...claimed, operation: 'offer', args: [id], decode: (reply) => reply[0] }), 1);
  const sweep = { bucket, operation: 'sweep', keys: [keys.due(bucket)], args: [10, 'dead-node:1'] };
  await eventually(() => queue.call({ ...sweep, decode: (reply) => Number((reply[2] as unknown[]).length) > 0 }));
  // Only a store that waits for replicas leaves this key.
  await queue.call({ bucket, operation: 'mark', keys: [keys.mark(bucket)], args: [], decode: accepted });
  const known = keysOf(keys, [...ids, brief.id]);
  const kinds = new Set<string>();
  for (const key of await keysUnder(server().client, keyPrefix)) {
    t.true(known.has(key), key);
    kinds.add(known.get(key) ?? '');
  }
  const expected = Object.keys(keyNames).filter((kind) => kind !== 'ping');
  t.deepEqual([...kinds].toSorted(), expected.toSorted());
});

test('all keys expire, also reports that a node has swept, did not receive and abandoned', async (t) => {
  const { store, keyPrefix, keys, queue } = await start(t);
  const brief = newSession(store, 'dave', { ttl: 1 });
  await store.insert(brief);
  const bucket = keys.bucketOf(brief.id) ?? '';
  const call = { bucket, keys: [keys.due(bucket)] };
  const closed = (reply: Reply) => listsAt(reply, 2).length;
  const sweep = { ...call, operation: 'sweep', args: [10, 'dead-node:1'], decode: closed };
  await eventually(async () => (await queue.call(sweep)) > 0);
  await queue.call({ ...call, operation: 'abandonReport', args: ['dead-node:1'], decode: accepted });
  const found = await keysUnder(server().client, keyPrefix);
  t.true(found.includes(keys.reports(bucket)));
  for (const key of found) t.true((await server().client.pttl(key)) > 0, key);
});

test('stores with different prefixes share no session, no account and no notice', async (t) => {
  const { url } = server();
  const prefix = freshPrefix();
  const changes: string[][] = [[], []];
  const stores = [prefix, `${prefix}x`].map((keyPrefix) => new RedisStore(context, { url, keyPrefix, buckets }));
  const [one, other] = stores;
  if (one === undefined || other === undefined) throw new Error('there are two stores');
  for (const [index, store] of stores.entries()) {
    await store.open(noListener);
    await store.watchChanges({
      changed: (_app, id, { kind }) => changes[index]?.push(`${kind} ${id}`),
      interrupted() {},
      resumed() {},
    });
    t.teardown(() => store.close());
  }
  const session = newSession(one, 'alice');
  await one.insert(session);
  await t.throwsAsync(other.get(app, session.id), { code: 'SESSION_UNKNOWN' });
  await t.throwsAsync(other.authenticate(app, session.id, session.secretHash), { code: 'SESSION_UNKNOWN' });
  await t.throwsAsync(other.append(app, session.id, outgoing('x')), { code: 'SESSION_UNKNOWN' });
  t.deepEqual(await other.listAccount(app, 'alice'), []);
  t.is(await other.countActiveAccounts(app, 60_000), 0);
  // Use the same id in the other store.
  await other.insert(session);
  await other.end(app, session.id, 'logout');
  await eventually(() => changes[1]?.includes(`closed ${session.id}`) === true);
  t.is((await one.get(app, session.id)).id, session.id);
  await one.patch(app, session.id, { b: '2' });
  await eventually(() => changes[0]?.includes(`patched ${session.id}`) === true);
  const own = [`created ${session.id}`, `patched ${session.id}`];
  t.deepEqual(changes[0], own, 'its own changes, not those of the other store');
});

test('apps share no session, no account and no tombstone', async (t) => {
  const { url } = server();
  const store = new RedisStore(context, { url, keyPrefix: freshPrefix(), buckets: 1 });
  await store.open(noListener);
  t.teardown(() => store.close());
  const session = newSession(store, 'alice');
  await store.insert(session);
  t.deepEqual(
    (await store.listAccount(app, 'alice')).map(({ id }) => id),
    [session.id],
  );
  for (const otherApp of ['default2', 'defaul', 'x']) {
    await t.throwsAsync(store.get(otherApp, session.id), { code: 'SESSION_UNKNOWN' });
    t.is(await store.end(otherApp, session.id, 'logout'), undefined);
    t.deepEqual(await store.listAccount(otherApp, 'alice'), []);
    t.deepEqual(await store.endAccount(otherApp, 'alice', 'revoked', undefined), []);
    t.is((await store.listApp(otherApp, { activeWithin: undefined, limit: 9, cursor: undefined })).records.length, 0);
  }
  await store.end(app, session.id, 'logout');
  await t.throwsAsync(store.authenticate(app, session.id, session.secretHash), { code: 'SESSION_CLOSED' });
  await t.throwsAsync(store.authenticate('x', session.id, session.secretHash), { code: 'SESSION_UNKNOWN' });
});
