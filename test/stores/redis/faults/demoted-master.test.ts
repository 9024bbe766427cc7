import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { SessionContext, SessionError } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import type { StoreListener } from '../../../../src/store/store-listener.js';
import { RedisStore, type RedisStoreOptions } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { freePorts } from '../../../support/free-port.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { masterName, RedisSentinel } from '../../../support/redis-sentinel.js';
import { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';
import { app, newSession, outgoing } from '../workload.js';
import { ReplicaPair } from './replica-pair.js';

const roomy = new SessionContext({ msgMaxLength: 10_000 });

async function openStore(
  t: ExecutionContext,
  options: RedisStoreOptions,
  listener: StoreListener = noListener,
): Promise<RedisStore> {
  const store = new RedisStore(roomy, { keyPrefix: freshPrefix(), buckets: 4, ...options });
  await store.open(listener);
  t.teardown(() => store.close());
  return store;
}

async function startProxy(t: ExecutionContext, pair: ReplicaPair): Promise<RedisProxy> {
  const proxy = await RedisProxy.start(pair.master.port);
  t.teardown(() => proxy.close());
  return proxy;
}

async function insertOne(store: RedisStore): Promise<string> {
  const session = newSession(store, 'alice');
  await store.insert(session);
  return session.id;
}

function refusalOf(call: () => Promise<unknown>): Promise<string | undefined> {
  return call().then(
    () => undefined,
    (error) => (SessionError.is(error, 'STORE_UNAVAILABLE') ? error.message : `another error: ${error}`),
  );
}

/** Pushes successive numbers until `isOver` returns true, each number once. @returns the acknowledged numbers */
async function publish(store: RedisStore, id: string, isOver: () => boolean): Promise<readonly number[]> {
  const acknowledged: number[] = [];
  for (let number = 0; !isOver(); number += 1) {
    if ((await refusalOf(() => store.append(app, id, outgoing(`number ${number}`)))) === undefined) {
      acknowledged.push(number);
    } else await new Promise(setImmediate);
  }
  return acknowledged;
}

async function retained(store: RedisStore, id: string): Promise<readonly string[]> {
  const request = {
    reader: 'r',
    after: '',
    limit: 10_000,
    wait: 0,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  } as const;
  return (await store.read(app, id, request)).messages.map(({ json }) => String(JSON.parse(json)));
}

test('while its connection leads to a demoted master, every call and ping fail; once the address leads to the new master, they succeed', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await startProxy(t, pair);
  const store = await openStore(t, { url: proxy.url });
  const id = await insertOne(store);
  await pair.swap();
  t.regex(String(await refusalOf(() => store.append(app, id, outgoing(1)))), /it is a replica.*READONLY/);
  // The store has reconnected to the same server more than once.
  const connections = () => proxy.requests.filter(({ command }) => command === 'CLIENT').length;
  const before = connections();
  await eventually(() => connections() >= before + 4, { what: 'it looks for the master' });
  const calls = [
    () => store.ping(),
    () => store.append(app, id, outgoing(2)),
    // These reads must fail as well, because the data of a replica may be out of date.
    () => store.get(app, id),
    () => store.listAccount(app, 'alice'),
  ];
  for (const call of calls) t.regex(String(await refusalOf(call)), /Redis can't be used/);
  proxy.moveTo(pair.master.port);
  await eventually(async () => (await refusalOf(() => store.ping())) === undefined, { what: 'the master is found' });
  for (const call of calls) t.is(await refusalOf(call), undefined);
  t.deepEqual(await retained(store, id), ['2']);
});

test('over three failovers that leave connections open, each push is sent once, and each acknowledged push is stored once', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await startProxy(t, pair);
  const store = await openStore(t, { url: proxy.url });
  const id = await insertOne(store);
  let isOver = false;
  // Stops publishing also when an assertion fails.
  t.teardown(() => {
    isOver = true;
  });
  const publishing = publish(store, id, () => isOver);
  const isRefused = () => refusalOf(() => store.ping()).then((refusal) => refusal !== undefined);
  for (let round = 1; round <= 3; round += 1) {
    await pair.failOver();
    await eventually(isRefused, { what: 'the store sees that the master is another' });
    proxy.moveTo(pair.master.port);
    await eventually(async () => !(await isRefused()), { what: 'the master is found' });
  }
  isOver = true;
  const acknowledged = (await publishing).map((number) => `number ${number}`);
  const arrived = await retained(store, id);
  t.true(acknowledged.length > 0);
  t.is(new Set(arrived).size, arrived.length, 'none is there twice');
  const found = new Set(arrived);
  t.deepEqual(
    acknowledged.filter((each) => !found.has(each)),
    [],
    'each acknowledged one is there',
  );
  const sent = proxy.requests
    // Count only EVALSHA: an EVAL is the retry after the server did not know the script and ran nothing.
    .filter(({ command }) => command === 'EVALSHA')
    .flatMap(({ parts }) => parts.map(String))
    .filter((part) => part.startsWith('"number '));
  t.is(new Set(sent).size, sent.length, 'none was sent twice');
});

test('a node that makes no calls also finds the new master, and receives notices and changes again', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await startProxy(t, pair);
  const keyPrefix = freshPrefix();
  const heard: string[] = [];
  const store = await openStore(
    t,
    { url: proxy.url, keyPrefix },
    { ...noListener, appended: () => heard.push('appended'), missed: () => heard.push('missed') },
  );
  const stop = await store.watchChanges({
    changed: (_app, _id, { kind }) => heard.push(kind),
    interrupted: () => heard.push('interrupted'),
    resumed: () => heard.push('resumed'),
  });
  t.teardown(stop);
  await insertOne(store);
  heard.length = 0;
  await pair.swap();
  // No call is made: the heartbeat detects the demotion.
  await eventually(() => heard.includes('interrupted'), { what: 'the cache is told to keep nothing' });
  t.false(heard.includes('resumed'));
  proxy.moveTo(pair.master.port);
  await eventually(() => heard.includes('missed') && heard.includes('resumed'), { what: 'it is back' });
  const direct = await openStore(t, { url: pair.master.url, keyPrefix });
  const request = {
    reader: 'r',
    after: '',
    limit: 1,
    wait: 60_000,
    secretHash: undefined,
    generation: undefined,
    ticket: 1,
  } as const;
  // The connections for calls, for notices and for changes find the master one after another.
  await eventually(async () => (await refusalOf(() => store.ping())) === undefined, { what: 'calls succeed' });
  // A heartbeat in progress may replace a subscription once more. What is sent at that time is only reported as missed.
  // So the test repeats a message and a change until both arrive.
  await eventually(
    async () => {
      const session = await insertOne(store);
      t.true((await store.read(app, session, request)).parked);
      await direct.append(app, session, outgoing('hi'));
      await direct.patch(app, session, { color: '"red"' });
      return heard.includes('appended') && heard.includes('patched');
    },
    { what: 'it receives both' },
  );
  t.pass();
});

test('a client of the application reconnects to the new master, and is not closed', async (t) => {
  const pair = await ReplicaPair.start(t);
  const proxy = await startProxy(t, pair);
  const client = new Redis(proxy.url, { autoResendUnfulfilledCommands: false });
  client.on('error', () => {});
  t.teardown(() => client.disconnect());
  const store = await openStore(t, { client });
  const id = await insertOne(store);
  await pair.swap();
  proxy.moveTo(pair.master.port);
  await eventually(async () => (await refusalOf(() => store.append(app, id, outgoing('hi')))) === undefined);
  t.is(client.status, 'ready');
  t.deepEqual(await retained(store, id), ['hi']);
});

test('a store can be closed while it looks for the master', async (t) => {
  const pair = await ReplicaPair.start(t);
  const store = new RedisStore(roomy, { url: pair.master.url, keyPrefix: freshPrefix(), buckets: 4 });
  await store.open(noListener);
  await pair.swap();
  await refusalOf(() => store.ping());
  await t.notThrowsAsync(store.close());
  const named = async () => String(await pair.replica.client.client('LIST')).split('\n');
  await eventually(async () => (await named()).every((line) => line === '' || /name=the-test|flags=M/.test(line)));
});

test('after a failover by Sentinel calls succeed at the new master', async (t) => {
  const pair = await ReplicaPair.start(t);
  const sentinel = await RedisSentinel.start(pair.master.port);
  t.teardown(() => sentinel.stop());
  const redis = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: masterName };
  const store = await openStore(t, { redis });
  const id = await insertOne(store);
  await store.append(app, id, outgoing('before'));
  await pair.master.client.wait(1, 5_000);
  await sentinel.failOver();
  await eventually(async () => (await refusalOf(() => store.append(app, id, outgoing('after')))) === undefined);
  t.deepEqual(await retained(store, id), ['before', 'after']);
  t.is(await refusalOf(() => store.ping()), undefined);
});

/** Demotes a live master to a replica of a server that does not exist, and promotes it again. */
async function demoteAndPromote(t: ExecutionContext, server: RedisServer, store: RedisStore, refusal: RegExp) {
  const id = await insertOne(store);
  await server.client.replicaof('127.0.0.1', 1);
  for (const call of [() => store.append(app, id, outgoing('lost')), () => store.ping()]) {
    t.regex(String(await refusalOf(call)), refusal);
  }
  await server.client.replicaof('NO', 'ONE');
  await eventually(async () => (await refusalOf(() => store.append(app, id, outgoing('hi')))) === undefined);
  t.deepEqual(await retained(store, id), ['hi']);
}

test('the documented ACL is sufficient to find the master again', async (t) => {
  const docs = readFileSync(new URL('../../../../../docs/redis.md', import.meta.url), 'utf8');
  const [, rule = ''] = /^ +ACL SETUSER ((?:.*\\\n)*.*)$/m.exec(docs) ?? [];
  const [username = '', ...rest] = rule.split(/[\s\\]+/).filter((part) => part !== '');
  const server = await RedisServer.start();
  t.teardown(() => server.stop());
  await server.client.call('ACL', 'SETUSER', username, ...rest);
  const redis = { host: '127.0.0.1', port: server.port, username, password: 'password' };
  const store = await openStore(t, { redis, keyPrefix: 'session-mailbox:' });
  await demoteAndPromote(t, server, store, /READONLY/);
});

test('a demoted master that refuses reads as well is given up', async (t) => {
  const server = await RedisServer.start({ 'replica-serve-stale-data': 'no' });
  t.teardown(() => server.stop());
  await demoteAndPromote(t, server, await openStore(t, { url: server.url }), /MASTERDOWN|READONLY/);
});

test('the master is found again over TLS', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'redis-tls-test-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', ...subject];
  execFileSync('openssl', [...request, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const server = await startWithTls(t, { key, certificate });
  const redis = { host: '127.0.0.1', port: server.tlsPort, tls: { ca: readFileSync(certificate) } };
  await demoteAndPromote(t, server.server, await openStore(t, { redis }), /READONLY/);
});

async function startWithTls(t: ExecutionContext, { key, certificate }: { key: string; certificate: string }) {
  const server = await RedisServer.start({
    'tls-key-file': key,
    'tls-cert-file': certificate,
    'tls-auth-clients': 'no',
  });
  t.teardown(() => server.stop());
  const [tlsPort = 0] = await freePorts(1);
  await server.client.config('SET', 'tls-ca-cert-file', certificate, 'tls-port', tlsPort);
  return { server, tlsPort };
}
