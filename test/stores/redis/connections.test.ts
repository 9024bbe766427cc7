import { inspect } from 'node:util';
import test from 'ava';
import { SessionContext, SessionError } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { hashSecret, newId } from '../../../src/store/session-token.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { freePorts } from '../../support/free-port.js';
import { RedisProxy } from '../../support/redis-proxy.js';
import { RedisServer, testConnectionName } from '../../support/redis-server.js';
import { freshPrefix } from './exact-clock.js';
import { clusterFor, serverFor } from './places.js';

const password = 'the-password';
const server = serverFor(test);
const guarded = serverFor(test, { requirepass: password });
const cluster = clusterFor(test);

function makeStore(options: RedisStoreOptions): RedisStore {
  return new RedisStore(new SessionContext(), { keyPrefix: freshPrefix(), buckets: 4, ...options });
}

/** Renders an error in every usual way. */
function shown(error: unknown): string {
  return `${String(error)}\n${JSON.stringify(error)}\n${inspect(error, { depth: 9, showHidden: true })}`;
}

/** Returns the number of connections, without those of the test. */
async function countOf(client: ReturnType<typeof server>['client']): Promise<number> {
  const list = String(await client.client('LIST'));
  return list.split('\n').filter((line) => line !== '' && !line.includes(`name=${testConnectionName}`)).length;
}

async function refusalOf(options: RedisStoreOptions): Promise<string> {
  const store = makeStore(options);
  try {
    await store.open(noListener);
  } catch (error) {
    if (SessionError.is(error, 'STORE_UNAVAILABLE')) return shown(error);
    throw error;
  }
  await store.close();
  return 'not refused';
}

test.serial('a wrong or missing password is a clear error at the start, and leaves no connection open', async (t) => {
  const { port, client } = guarded();
  const url = `redis://127.0.0.1:${port}`;
  t.regex(await refusalOf({ url }), /NOAUTH|password|auth/i);
  const refused = await refusalOf({ url: `redis://:wrong-one@127.0.0.1:${port}` });
  t.regex(refused, /WRONGPASS|password/i);
  t.false(refused.includes('wrong-one'));
  await eventually(async () => (await countOf(client)) === 0);
  t.is(await refusalOf({ url: guarded().url }), 'not refused');
  t.is(await refusalOf({ redis: { host: '127.0.0.1', port, password } }), 'not refused');
});

test.serial('a database that the server does not have is a clear error at start', async (t) => {
  const { port, client } = server();
  const address = `redis://127.0.0.1:${port}`;
  t.regex(await refusalOf({ url: `${address}/99` }), /DB index is out of range/);
  t.regex(await refusalOf({ url: address, redis: { db: 99 } }), /DB index is out of range/);
  t.regex(await refusalOf({ url: `${address}/99`, replicas: 1 }), /DB index is out of range/);
  await eventually(async () => (await countOf(client)) === 0);
  t.is(await refusalOf({ url: `${address}/3` }), 'not refused');
});

test.serial('a database that is no number is refused before the store connects', async (t) => {
  const error = await t.throwsAsync(makeStore({ url: `${server().url}/sessions` }).open(noListener));
  t.true(SessionError.is(error, 'INVALID_CONTEXT'));
  t.regex(error?.message ?? '', /database in url or redis must be a whole number/);
});

test.serial('a server that is too old is a clear error at the start, and leaves no connection open', async (t) => {
  const { port, client } = server();
  const version = /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? '';
  const older = `6${version.slice(1)}`;
  const proxy = await RedisProxy.start(port, (reply) =>
    Buffer.from(reply.toString('latin1').replaceAll(version, older), 'latin1'),
  );
  t.teardown(() => proxy.close());
  const refused = await refusalOf({ url: proxy.url });
  t.true(refused.includes(older), refused);
  t.regex(refused, /Redis 7 or newer/);
  await eventually(async () => (await countOf(client)) === 0);
});

test.serial('an unreachable server is a clear error at the start', async (t) => {
  const [port] = await freePorts(1);
  t.regex(await refusalOf({ url: `redis://127.0.0.1:${port}` }), /ECONNREFUSED/);
  t.regex(
    await refusalOf({ cluster: { nodes: [{ host: '127.0.0.1', port: port ?? 0 }] } }),
    /ECONNREFUSED|slots cache/,
  );
});

test.serial('a node of a Cluster that is configured as a single server is a clear error at the start', async (t) => {
  const [master] = cluster().masters;
  t.regex(await refusalOf({ url: master?.url ?? '' }), /Cluster/);
});

test.serial('close ends every connection that the store opened, on a single server', async (t) => {
  const { url, client } = server();
  const stores = Array.from({ length: 3 }, () => makeStore({ url }));
  await Promise.all(stores.map((store) => store.open(noListener)));
  t.is(await countOf(client), 2 * stores.length, 'one for commands, one to listen');
  await Promise.all(stores.map((store) => store.close()));
  await eventually(async () => (await countOf(client)) === 0);
  t.pass();
});

test.serial('close ends every connection that the store opened, on a Cluster', async (t) => {
  const { nodes, masters } = cluster();
  const counts = () => Promise.all(masters.map(({ client }) => countOf(client)));
  // Includes the connections between the masters.
  const before = await counts();
  const store = makeStore({ cluster: { nodes } });
  await store.open(noListener);
  t.true((await counts()).some((count, index) => count > (before[index] ?? 0)));
  await store.close();
  await eventually(async () => String(await counts()) === String(before));
  t.pass();
});

test.serial('a store can be closed while its server is down, and leaves no connection open', async (t) => {
  const alone = await RedisServer.start();
  t.teardown(() => alone.stop());
  const stores = [makeStore({ url: alone.url }), makeStore({ url: alone.url })];
  for (const store of stores) await store.open(noListener);
  await alone.kill();
  await Promise.all(stores.map((store) => store.close()));
  await alone.restart();
  t.is(await countOf(alone.client), 0);
});

test.serial('a client of the application is used, and close leaves it open and unchanged', async (t) => {
  const client = server().connect({ connectionName: 'the-application' });
  t.teardown(() => client.disconnect());
  await client.ping();
  const listeners = client.eventNames().map((name) => [name, client.listenerCount(name)]);
  const store = makeStore({ client });
  await store.open(noListener);
  t.deepEqual(await store.listAccount('default', 'alice'), []);
  const named = async () => String(await server().client.client('LIST')).match(/name=the-application/g)?.length;
  t.is(await named(), 2, 'it subscribes on a connection of its own');
  await store.close();
  await eventually(async () => (await named()) === 1);
  t.is(client.status, 'ready');
  t.is(await client.ping(), 'PONG');
  t.deepEqual(
    client.eventNames().map((name) => [name, client.listenerCount(name)]),
    listeners,
  );
});

test.serial('a Cluster client of the application is used, and close leaves it open', async (t) => {
  const client = cluster().connect();
  t.teardown(() => client.disconnect());
  const store = makeStore({ client });
  await store.open(noListener);
  t.deepEqual(await store.listAccount('default', 'alice'), []);
  await store.close();
  t.is(client.status, 'ready');
  t.is(await client.get('nothing'), null);
});

test('a prefix may contain characters that are special in Lua, patterns and URLs', async (t) => {
  const keyPrefix = `%d$keys"'\\[x]*:|~`;
  const appended: string[] = [];
  const listener = { ...noListener, appended: (_app: string, id: string) => appended.push(id) };
  for (const options of [{ url: server().url }, { cluster: { nodes: cluster().nodes } }]) {
    const store = makeStore({ ...options, keyPrefix });
    await store.open(listener);
    t.teardown(() => store.close());
    const id = newId(store.idPrefix('default', 'alice'));
    const rest = {
      ip: '',
      userAgent: '',
      ttl: 60_000,
      maxAge: 0,
      maxSession: 0,
      attributes: { a: '1' },
      secretHash: hashSecret('x'),
    };
    await store.insert({ app: 'default', id, accountId: 'alice', ...rest });
    const request = {
      reader: 'r',
      after: '',
      limit: 1,
      wait: 60_000,
      secretHash: undefined,
      generation: undefined,
      ticket: 1,
    } as const;
    t.true((await store.read('default', id, request)).parked);
    await store.append('default', id, { json: '1', bytes: 1, key: 'k' });
    await eventually(() => appended.includes(id));
    t.deepEqual(
      (await store.listAccount('default', 'alice')).map((record) => record.id),
      [id],
    );
  }
});

test('a client with stringNumbers works', async (t) => {
  const store = makeStore({ redis: { port: server().port, stringNumbers: true } });
  await store.open(noListener);
  t.teardown(() => store.close());
  const given = { ip: '', userAgent: '', ttl: 60_000, maxAge: 0, maxSession: 0, attributes: {} };
  const id = newId(store.idPrefix('default', 'alice'));
  await store.insert({ app: 'default', id, accountId: 'alice', secretHash: hashSecret('secret'), ...given });
  t.is((await store.get('default', id)).ttl, 60_000);
  t.is((await store.end('default', id, 'logout'))?.reason, 'logout');
  t.is(await store.end('default', id, 'logout'), undefined);
});
