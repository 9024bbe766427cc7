import { rm } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { rounds } from '../../support/limits.js';
import { RedisCluster } from '../../support/redis-cluster.js';
import { RedisServer, type RedisSettings } from '../../support/redis-server.js';
import { freshPrefix } from './exact-clock.js';
import { dumpOf } from './key-dump.js';
import { app, newSession } from './workload.js';

async function openStore(t: ExecutionContext, options: RedisStoreOptions): Promise<RedisStore> {
  const store = new RedisStore(new SessionContext(), { keyPrefix: freshPrefix(), ...options });
  await store.open(noListener);
  t.teardown(() => store.close());
  return store;
}

async function startServer(t: ExecutionContext, settings?: RedisSettings): Promise<RedisServer> {
  const server = await RedisServer.start(settings);
  t.teardown(() => server.stop());
  return server;
}

function isFine(store: RedisStore): Promise<boolean> {
  return store.ping().then(
    () => true,
    () => false,
  );
}

test('ping of a writable server succeeds, and leaves or changes no key', async (t) => {
  const { client, url } = await startServer(t);
  const keyPrefix = freshPrefix();
  const store = await openStore(t, { url, keyPrefix });
  const before = await dumpOf(client, keyPrefix);
  await t.notThrowsAsync(store.ping());
  t.deepEqual(await dumpOf(client, keyPrefix), before);
  t.is(await client.dbsize(), 64, 'where the node is registered in each bucket');
});

test('ping fails while the server is a replica', async (t) => {
  const server = await startServer(t);
  const master = await startServer(t, { 'repl-diskless-sync-delay': '0' });
  const store = await openStore(t, { url: server.url });
  await server.client.replicaof('127.0.0.1', master.port);
  await eventually(async () => (await server.client.info('replication')).includes('master_link_status:up'));
  await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE', message: /it is a replica.*READONLY/ });
  await server.client.replicaof('NO', 'ONE');
  await eventually(() => isFine(store), { what: 'the store sees that the server is a master again' });
});

test('ping fails while the memory of the server is used up', async (t) => {
  const { client, url } = await startServer(t);
  const store = await openStore(t, { url });
  const session = newSession(store, 'alice');
  await store.insert(session);
  await client.config('SET', 'maxmemory', '1');
  const refusal = { code: 'STORE_UNAVAILABLE', message: /maxmemory is reached.*OOM/ };
  await t.throwsAsync(store.ping(), refusal);
  // The script may also contain a logout, which is allowed to write. Redis then lets the script continue.
  const [ended, pinged] = await Promise.allSettled([store.end(app, session.id, 'logout'), store.ping()]);
  t.is(ended.status, 'fulfilled');
  t.is(pinged.status, 'rejected');
  await client.config('SET', 'maxmemory', '0');
  await t.notThrowsAsync(store.ping());
});

test('ping fails while the server can not save to disk', async (t) => {
  const { client, url } = await startServer(t, { save: '3600 1000000' });
  const store = await openStore(t, { url });
  const [, folder = ''] = (await client.config('GET', 'dir')) as string[];
  await rm(folder, { recursive: true });
  await client.bgsave();
  await eventually(async () => (await client.info('persistence')).includes('rdb_last_bgsave_status:err'));
  await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE', message: /can not save to disk.*MISCONF/ });
});

test('ping fails while the server has fewer replicas than it requires', async (t) => {
  const { client, url } = await startServer(t);
  const store = await openStore(t, { url });
  await client.config('SET', 'min-replicas-to-write', '1');
  await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE', message: /too few replicas.*NOREPLICAS/ });
});

test('ping fails while the server is down, and succeeds when it is back', async (t) => {
  const server = await startServer(t);
  const store = await openStore(t, { url: server.url });
  await server.kill();
  await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE' });
  await server.restart();
  await eventually(() => isFine(store), { what: 'the store is connected again' });
  t.pass();
});

test('ping of a Cluster fails when one of its shards is down, and the error says how much is affected', async (t) => {
  // Without this setting all shards refuse as soon as they notice, and the test could not tell which were asked.
  const cluster = await RedisCluster.start({ settings: { 'cluster-require-full-coverage': 'no' } });
  t.teardown(() => cluster.stop());
  const store = await openStore(t, { cluster: { nodes: cluster.nodes } });
  await t.notThrowsAsync(store.ping());
  for (const master of cluster.masters.slice(0, rounds({ sample: 1, full: 3 }))) {
    await master.kill();
    const message = /\(\d+ of 64 buckets\)$/;
    await t.throwsAsync(store.ping(), { code: 'STORE_UNAVAILABLE', message });
    await master.restart();
    await cluster.settled();
    await eventually(() => isFine(store), { what: 'the store is connected to all shards' });
  }
});
