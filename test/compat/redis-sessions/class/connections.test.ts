import test, { type ExecutionContext } from 'ava';
import { RedisSessions, type RedisSessionsRedisOptions } from '../../../../src/compat/redis-sessions/class/index.js';
import { serverFor } from '../../../stores/redis/places.js';
import { eventually } from '../../../support/eventually.js';
import { freePorts } from '../../../support/free-port.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { RedisServer } from '../../../support/redis-server.js';
import { startService, throwsCode } from '../../../support/service.js';
import { freshName } from './libraries.js';

const server = serverFor(test);

const app = 'webapp';
const ip = '203.0.113.7';

/** Returns the connections of that name from the list of the server. */
async function connectionsNamed(name: string, at: RedisServer = server()): Promise<readonly string[]> {
  const list = String(await at.client.client('LIST'));
  return list.split('\n').filter((line) => line.includes(` name=${name} `));
}

function open(t: ExecutionContext, options: RedisSessionsRedisOptions = {}): RedisSessions {
  const sessions = new RedisSessions({ port: server().port, namespace: freshName(), ...options });
  t.teardown(() => sessions.quit());
  return sessions;
}

test('the first call connects, and quit closes every connection', async (t) => {
  const name = freshName();
  const sessions = open(t, { options: { name }, cachetime: 60 });
  t.is((await connectionsNamed(name)).length, 0);
  await sessions.ping();
  t.true((await connectionsNamed(name)).length >= 2, 'one for commands, others for what is told');
  await sessions.quit();
  await eventually(async () => (await connectionsNamed(name)).length === 0);
});

test('quit works without an earlier call and twice, and later calls are refused', async (t) => {
  const sessions = open(t);
  await sessions.quit();
  await sessions.quit();
  await throwsCode(t, sessions.ping(), 'STOPPED');
  await throwsCode(t, sessions.get({ app, token: 'x'.repeat(64) }), 'STOPPED');
  await t.throwsAsync(sessions.get({ app, token: 'x' }), { name: 'invalidFormat' }, 'arguments are checked first');
});

test('a call in progress at quit is answered', async (t) => {
  const sessions = open(t);
  await sessions.ping();
  const created = Array.from({ length: 20 }, () => sessions.create({ app, id: 'alice', ip }));
  await sessions.quit();
  t.is((await Promise.all(created)).length, 20);
});

test('quit does not stop a manager that was given', async (t) => {
  const { manager } = await startService(t);
  const sessions = new RedisSessions({ manager, cachetime: 10 });
  const { token } = await sessions.create({ app, id: 'alice', ip });
  await sessions.quit();
  await throwsCode(t, sessions.get({ app, token }), 'STOPPED');
  t.is((await manager.inApp(app).authenticate(token)).accountId, 'alice');
});

test('a first call without Redis fails, and the next call connects again', async (t) => {
  const [port = 0] = await freePorts(1);
  const sessions = open(t, { port });
  await throwsCode(t, sessions.ping(), 'STORE_UNAVAILABLE');
  await throwsCode(t, sessions.create({ app, id: 'alice', ip }), 'STORE_UNAVAILABLE');
  await t.notThrowsAsync(sessions.quit());
});

test('calls fail while Redis is unreachable, and work again afterwards', async (t) => {
  const own = await RedisServer.start();
  t.teardown(() => own.stop());
  const sessions = open(t, { port: own.port, cachetime: 1 });
  await sessions.ping();
  await own.kill();
  await throwsCode(t, sessions.ping(), 'STORE_UNAVAILABLE');
  await own.restart();
  await eventually(() =>
    sessions.ping().then(
      () => true,
      () => false,
    ),
  );
  t.pass();
});

test('sessions survive quit, and are found under their namespace only', async (t) => {
  const namespace = freshName();
  const first = open(t, { namespace });
  const { token } = await first.create({ app, id: 'alice', ip, d: { a: 1 } });
  await first.quit();
  t.deepEqual((await open(t, { namespace }).get({ app, token }))?.d, { a: 1 });
  t.is(await open(t).get({ app, token }), null);
  const keys = await server().client.keys('*');
  t.true(keys.some((key) => key.startsWith(`${namespace}:`)));
});

test('the default namespace is rs', async (t) => {
  const own = await RedisServer.start();
  t.teardown(() => own.stop());
  const sessions = new RedisSessions({ port: own.port });
  t.teardown(() => sessions.quit());
  await sessions.create({ app, id: 'alice', ip });
  const keys = await own.client.keys('*');
  t.true(keys.length > 0 && keys.every((key) => key.startsWith('rs:')));
});

test('connection options of redis-sessions 4 and 3 work', async (t) => {
  const own = await RedisServer.start({ requirepass: 'secret' });
  t.teardown(() => own.stop());
  const { port } = own;
  const ways: Readonly<Record<string, RedisSessionsRedisOptions>> = {
    url: { port: 1, options: { url: `redis://:secret@127.0.0.1:${port}/3` } },
    'port and host': { port, host: '127.0.0.1', options: { password: 'secret', database: 3 } },
    socket: { options: { socket: { port, host: 'localhost' }, password: 'secret', database: 3 } },
    'port over socket': {
      port,
      options: { socket: { port: 1 }, username: 'default', password: 'secret', database: 3 },
    },
    'version 3': { port, options: { auth_pass: 'secret', db: 3 } },
  };
  for (const [way, options] of Object.entries(ways)) {
    const name = freshName();
    const sessions = new RedisSessions({ ...options, options: { ...options.options, name } });
    t.is(await sessions.ping(), 'PONG', way);
    const connections = await connectionsNamed(name, own);
    t.true(connections.length > 0, way);
    for (const connection of connections) t.regex(connection, / db=3 /, way);
    await sessions.quit();
  }
  const refused = new RedisSessions({ port });
  await throwsCode(t, refused.ping(), 'STORE_UNAVAILABLE');
});

for (const [wipe, sweeps] of [
  [0, false],
  [undefined, true],
] as const) {
  test(`with wipe ${wipe} expired sessions are ${sweeps ? '' : 'not '}swept`, async (t) => {
    const namespace = freshName();
    // `context` overrides `wipe`, so that the test need not wait for ten seconds.
    const context = { gcInterval: 20 };
    const sessions = open(t, { namespace, ...(wipe === undefined ? { context } : { wipe, context }) });
    const manager = (await sessions.manager()).inApp(app);
    const closed: string[] = [];
    manager.on('closed', ({ reason }) => closed.push(reason));
    const { token } = await manager.createSession('alice', { ttl: 50 });
    await new Promise((resolve) => setTimeout(resolve, 500));
    t.deepEqual(closed, sweeps ? ['expired'] : []);
    t.is(await sessions.get({ app, token }), null, 'it is dead all the same');
  });
}

test('get, set, kill and create are one command each', async (t) => {
  const proxy = await RedisProxy.start(server().port);
  t.teardown(() => proxy.close());
  const sessions = open(t, { port: proxy.port });
  await sessions.ping();
  const { token } = await sessions.create({ app, id: 'alice', ip });
  const calls: Readonly<Record<string, () => Promise<unknown>>> = {
    create: () => sessions.create({ app, id: 'alice', ip, d: { a: 1 } }),
    get: () => sessions.get({ app, token }),
    set: () => sessions.set({ app, token, d: { a: 1, b: null } }),
    soid: () => sessions.soid({ app, id: 'alice' }),
    ping: () => sessions.ping(),
    killsoid: () => sessions.killsoid({ app, id: 'bob' }),
    kill: () => sessions.kill({ app, token }),
  };
  for (const [name, call] of Object.entries(calls)) {
    const counts: number[] = [];
    // Sometimes the node itself sends a command, but not during each of three calls. Therefore take the minimum.
    for (let round = 0; round < 3; round += 1) {
      const before = proxy.requests.length;
      await call();
      counts.push(proxy.requests.length - before);
    }
    t.is(Math.min(...counts), 1, name);
  }
});
