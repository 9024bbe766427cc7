import test, { type ExecutionContext } from 'ava';
import { SessionError } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { hashSecret, newId, newSecret } from '../../../../src/store/session-token.js';
import type { RedisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { ReplicaPair } from '../faults/replica-pair.js';
import { app, newSession, outgoing } from '../workload.js';
import { callsOf, insertOne, isBlocked, openStore, pause, refusalOf, request, retained } from './replicated-stage.js';

const missing = { unsure: true, replicas: { needed: 1, reached: 0 } };
/** A timeout that is longer than any of these tests. */
const patient = { count: 1, timeout: 60_000 };

/** The writes that callers rely on. */
const writes: Readonly<Record<string, (store: RedisStore, id: string) => Promise<unknown>>> = {
  insert: (store) => store.insert(newSession(store, 'bob')),
  insertOnce: (store) => store.insertOnce(newSession(store, 'bob')),
  patch: (store, id) => store.patch(app, id, { color: '"red"' }),
  rotate: (store, id) => store.rotate(app, id, hashSecret(newSecret()), false),
  rotateAndEndOthers: (store, id) => store.rotateAndEndOthers(app, 'alice', id, hashSecret(newSecret())),
  reauthenticate: (store, id) => store.reauthenticate(app, id, 2),
  append: (store, id) => store.append(app, id, outgoing('hi')),
  appendToEach: (store, id) => store.appendToEach(app, [id], outgoing('hi')),
  appendToAccount: (store) => store.appendToAccount(app, 'alice', outgoing('hi')),
  end: (store, id) => store.end(app, id, 'logout'),
  endAccount: (store) => store.endAccount(app, 'alice', 'revoked', undefined),
};

/** The operations that do not wait for replicas: a client's contacts and reads. */
const contacts: Readonly<Record<string, (store: RedisStore, id: string) => Promise<unknown>>> = {
  authenticate: (store, id) => store.authenticate(app, id, '').catch((error) => requireUnknown(error)),
  get: (store, id) => store.get(app, id),
  touch: (store, id) => store.touch(app, id, { activity: true, ttl: undefined }),
  read: (store, id) => store.read(app, id, request()),
  release: (store, id) => store.release(app, id, 'r'),
  listAccount: (store) => store.listAccount(app, 'alice'),
  sweep: (store) => store.sweep(10),
};

function requireUnknown(error: unknown): void {
  if (!SessionError.is(error, 'SESSION_UNKNOWN')) throw error;
}

async function startProxy(t: ExecutionContext, target: number): Promise<RedisProxy> {
  const proxy = await RedisProxy.start(target);
  t.teardown(() => proxy.close());
  return proxy;
}

test('while the replica hangs, every write that a caller relies on fails as unsure, and contacts succeed; then all writes succeed', async (t) => {
  const pair = await ReplicaPair.start(t);
  const store = await openStore(t, { url: pair.master.url, replicas: { count: 1, timeout: 1 } });
  const patientOne = await openStore(t, { url: pair.master.url, replicas: patient });
  const goOn = await pause(pair.replica);
  for (const [name, write] of Object.entries(writes)) {
    const session = newSession(store, 'alice');
    // The login is unsure, too, but the session exists.
    await refusalOf(store.insert(session));
    const { details, message } = await refusalOf(write(store, session.id));
    t.deepEqual(details, missing, name);
    t.regex(message, /may be lost: 0 of 1 replicas had it within 1 ms/);
  }
  const session = newSession(store, 'alice');
  const { id } = session;
  await refusalOf(store.insert(session));
  for (const [name, contact] of Object.entries(contacts)) await t.notThrowsAsync(contact(store, id), name);
  t.deepEqual((await refusalOf(store.ping())).details, missing);
  // A call that is refused has changed nothing, so that no change can be lost.
  await t.throwsAsync(store.append(app, newId(id.slice(0, 2)), outgoing('hi')), { code: 'SESSION_UNKNOWN' });
  const pending = patientOne.ping();
  goOn();
  await t.notThrowsAsync(pending);
  for (const write of Object.values(writes)) await t.notThrowsAsync(write(patientOne, await insertOne(patientOne)));
});

test('many pushes share one WAIT, and without replicas no WAIT is sent', async (t) => {
  const pair = await ReplicaPair.start(t);
  const pushes = 2_000;
  const pushAll = async (store: RedisStore) => {
    const id = await insertOne(store);
    const before = await callsOf(pair.master, 'wait');
    await Promise.all(Array.from({ length: pushes }, (_each, number) => store.append(app, id, outgoing(number))));
    t.deepEqual(
      await retained(store, id),
      Array.from({ length: pushes }, (_each, number) => number),
    );
    return (await callsOf(pair.master, 'wait')) - before;
  };
  const waits = await pushAll(await openStore(t, { url: pair.master.url, replicas: patient }));
  t.true(waits > 0 && waits <= 3, `${waits}`);
  t.is(await pushAll(await openStore(t, { url: pair.master.url })), 0);
});

test('pushes that arrive while the store waits for replicas share the next WAIT', async (t) => {
  const pair = await ReplicaPair.start(t);
  const store = await openStore(t, { url: pair.master.url, replicas: patient });
  const id = await insertOne(store);
  const goOn = await pause(pair.replica);
  const before = await callsOf(pair.master, 'wait');
  const pushes = [store.append(app, id, outgoing(0))];
  await isBlocked(pair.master);
  for (let number = 1; number <= 100; number += 1) {
    pushes.push(store.append(app, id, outgoing(number)));
    await new Promise(setImmediate);
  }
  goOn();
  await Promise.all(pushes);
  t.is((await callsOf(pair.master, 'wait')) - before, 2);
});

test('polls are answered while a push waits for replicas; a held poll gets its message before the push resolves', async (t) => {
  const pair = await ReplicaPair.start(t);
  const heard: string[] = [];
  const listener = { ...noListener, appended: (_app: string, id: string) => void heard.push(id) };
  const store = await openStore(t, { url: pair.master.url, replicas: patient }, listener);
  const id = await insertOne(store);
  t.true((await store.read(app, id, request({ wait: 60_000 }))).parked);
  const goOn = await pause(pair.replica);
  let isTold = false;
  const pushing = store.append(app, id, outgoing('hi')).then(() => {
    isTold = true;
  });
  await eventually(() => heard.includes(id), { what: 'the held poll is notified' });
  await isBlocked(pair.master);
  t.deepEqual(await retained(store, id), ['hi']);
  t.false(isTold);
  goOn();
  await pushing;
});

test('when the connection breaks during the wait, the push fails as unsure and is not sent again, and a repeated login waits too', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await startProxy(t, pair.master.port);
  const store = await openStore(t, { url: proxy.url, replicas: patient });
  const id = await insertOne(store);
  const goOn = await pause(pair.replica);
  const login = newSession(store, 'bob');
  const unsure = [refusalOf(store.append(app, id, outgoing('once'))), refusalOf(store.insertOnce(login))];
  await isBlocked(pair.master);
  proxy.breakConnections();
  for (const { details } of await Promise.all(unsure)) t.deepEqual(details, missing);
  await eventually(async () => (await store.get(app, id).catch(() => undefined)) !== undefined, { what: 'it is back' });
  // The repeated login finds the session of the first attempt, which the replica does not have.
  let isTold = false;
  const repeat = async (): Promise<boolean> => {
    try {
      return (await store.insertOnce(login)).inserted;
    } catch (error) {
      // The connection for writes may reconnect later than the other one.
      if (!SessionError.is(error) || !/not connected/.test(error.message)) throw error;
      // The refusal settles without I/O. Without this pause the loop would keep the connection from reconnecting.
      await new Promise(setImmediate);
      return repeat();
    }
  };
  const repeating = repeat().finally(() => {
    isTold = true;
  });
  await isBlocked(pair.master);
  t.false(isTold);
  goOn();
  t.false(await repeating);
  t.deepEqual(await retained(store, id), ['once']);
});

test('when the master is demoted during the wait, the push fails as unsure, and later pushes reach the new master', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await startProxy(t, pair.master.port);
  const store = await openStore(t, { url: proxy.url, replicas: patient });
  const id = await insertOne(store);
  const goOn = await pause(pair.replica);
  const unsure = refusalOf(store.append(app, id, outgoing('unsure')));
  await isBlocked(pair.master);
  const { master, replica } = pair;
  await master.client.replicaof('127.0.0.1', replica.port);
  const { details, message } = await unsure;
  t.deepEqual(details, missing);
  t.regex(message, /UNBLOCKED/);
  goOn();
  await replica.client.replicaof('NO', 'ONE');
  proxy.moveTo(replica.port);
  await eventually(
    () =>
      store.append(app, id, outgoing('after')).then(
        () => true,
        () => false,
      ),
    { what: 'the new master takes pushes' },
  );
  // The connection for reads may find the new master later than the connection for writes.
  let values: readonly unknown[] = [];
  await eventually(
    async () => {
      values = await retained(store, id).catch(() => []);
      return values.length > 0;
    },
    { what: 'the new master is read' },
  );
  t.is(values.at(-1), 'after');
  t.is(new Set(values).size, values.length);
});
