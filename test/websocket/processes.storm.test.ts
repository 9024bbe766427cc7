import test, { type ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { type SessionContextOptions, SessionManager, sessionModule } from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { ServiceProcess } from '../stores/nodes/service-process.js';
import { freshPrefix } from '../stores/redis/exact-clock.js';
import { serverFor } from '../stores/redis/places.js';
import { freshPlace } from '../stores/sqlite/create-sqlite-store.js';
import { eventually } from '../support/eventually.js';
import { RedisProxy } from '../support/redis-proxy.js';
import { testConnectionName } from '../support/redis-server.js';
import { Stage } from './stage.js';

const server = serverFor(test);

interface Nodes {
  /** The node with the sockets, in this process. */
  readonly here: Stage;
  /** A node in another process. */
  readonly there: ServiceProcess;
}

async function startOverSqlite(t: ExecutionContext): Promise<Nodes> {
  const options = await freshPlace(t);
  const container = new Container();
  container.load(sessionModule({}, sqliteStore(options)));
  const manager = await container.getAsync(SessionManager);
  t.teardown(() => container.unbindAllAsync());
  const there = await ServiceProcess.start(t, { context: {}, options });
  return { here: await Stage.before(t, manager), there };
}

async function startNodes(t: ExecutionContext, context: SessionContextOptions = {}, url?: string): Promise<Nodes> {
  const keyPrefix = freshPrefix();
  const container = new Container();
  container.load(sessionModule(context, redisStore({ url: url ?? server().url, keyPrefix })));
  const manager = await container.getAsync(SessionManager);
  t.teardown(() => container.unbindAllAsync());
  const there = await ServiceProcess.start(t, { context, options: { url: server().url, keyPrefix } });
  return { here: await Stage.before(t, manager), there };
}

test('a session closed by another process closes its sockets here', async (t) => {
  const { here, there } = await startNodes(t);
  const [one, two, three] = [await here.logIn(), await here.logIn(), await there.do('create', 'bob')];
  const clients = [one, one, two, three].map(({ token }) => here.connect({ token }));
  const [first, second, other, bob] = await Promise.all(clients);
  await there.do('close', one.id, 'revoked');
  t.is((await first?.closed)?.code, 4004);
  t.is((await second?.closed)?.code, 4004);
  await there.do('close', two.id, 'logout');
  t.is((await other?.closed)?.code, 4005);
  t.is(await bob?.ask({ echo: 'still here' }), 'still here');
  await there.do('closeAccount', 'bob');
  t.is((await bob?.closed)?.code, 4004);
  await here.empties();
});

test('a session evicted or replaced by another process closes its socket here', async (t) => {
  const { here, there } = await startNodes(t, { maxSession: 1, onMaxSession: 'evict-oldest' });
  const client = await here.connect({ token: (await here.logIn()).token });
  const young = await there.do('create', 'alice');
  t.is((await client.closed).code, 4003);
  const successor = await there.do('create', 'bob');
  const replaced = await here.connect({ token: young.token });
  await there.do('replace', successor.id, young.id);
  t.is((await replaced.closed).code, 4006);
});

test('a rotation of the token by another process closes its socket here, unless it keeps what is open', async (t) => {
  const { here, there } = await startNodes(t);
  const { id, token } = await here.logIn();
  const client = await here.connect({ token });
  const kept = await there.do('rotate', id, { keepOpen: true });
  t.is((await here.client({ token }).refused()).status, 401);
  t.is(await client.ask({ echo: 'goes on' }), 'goes on');
  const second = await here.connect({ token: kept.token });
  const rotated = await there.do('rotate', id, {});
  for (const each of [client, second]) t.is((await each.closed).code, 4008);
  await here.connect({ token: rotated.token });
});

test('over SQLite a rotation or a close by another process closes the socket here', async (t) => {
  const { here, there } = await startOverSqlite(t);
  const { id, token } = await here.logIn();
  const client = await here.connect({ token });
  const rotated = await there.do('rotate', id, {});
  t.is((await client.closed).code, 4008);
  const second = await here.connect({ token: rotated.token });
  await there.do('close', id, 'revoked');
  t.is((await second.closed).code, 4004);
});

test('attributes set by another process are read in the socket here, and the other way round', async (t) => {
  const { here, there } = await startNodes(t);
  const { id, token } = await there.do('create', 'alice');
  const client = await here.connect({ cookie: `sid=${token}` });
  await there.do('setAttribute', id, 'theme', 'dark');
  t.is(await client.ask({ get: 'theme' }), 'dark');
  await client.ask({ set: 'cart', value: 'three' });
  t.is(await there.do('attribute', id, 'cart'), 'three');
});

test('an expired session closes its socket, whichever node sweeps it', async (t) => {
  const { here } = await startNodes(t, { gcTime: 8_000, gcInterval: 50 });
  const client = await here.connect({ token: (await here.logIn()).token });
  t.is((await client.closed).code, 4001);
  await here.empties();
});

test('a session with a socket here is online for all nodes, and away one grace after its socket closed', async (t) => {
  // On a busy machine a process may stand still for seconds, in which the other nodes get no contact of its sockets.
  const hbGrace = 8_000;
  const { here } = await startNodes(t, { hbGrace, hbTime: 100 });
  const { id, token } = await here.logIn();
  const away: string[] = [];
  here.manager.on('away', (session) => away.push(session.id));
  const client = await here.connect({ token });
  const until = performance.now() + hbGrace + 2_000;
  await eventually(async () => {
    t.is((await here.manager.getSession(id)).presence, 'online');
    return performance.now() > until;
  });
  t.deepEqual(away, []);
  client.socket.close();
  await eventually(async () => (await here.manager.getSession(id)).presence === 'away');
});

test('a session closed while the connection to Redis is lost closes its socket once the connection is back', async (t) => {
  const proxy = await RedisProxy.start(server().port);
  t.teardown(() => proxy.close());
  const { here, there } = await startNodes(t, {}, proxy.url);
  const { id, token } = await here.logIn();
  const [client, bystander] = [
    await here.connect({ token }),
    await here.connect({ token: (await here.logIn()).token }),
  ];
  proxy.breakConnections();
  await there.do('close', id, 'revoked');
  t.is((await client.closed).code, 4004);
  t.is(await bystander.ask({ echo: 'still here' }), 'still here');
});

test.serial('changes are subscribed to only while a socket is open', async (t) => {
  const { here } = await startNodes(t);
  const { token } = await here.logIn();
  const subscribers = async () => {
    const list = String(await server().client.client('LIST', 'TYPE', 'PUBSUB'));
    return list.split('\n').filter((line) => line !== '' && !line.includes(`name=${testConnectionName}`)).length;
  };
  const before = await subscribers();
  const clients = [await here.connect({ token }), await here.connect({ token })];
  t.is(await subscribers(), before + 1);
  for (const client of clients) client.socket.close();
  await here.empties();
  await eventually(async () => (await subscribers()) === before);
});

test('a stopping service over Redis closes its sockets and all its connections', async (t) => {
  const keyPrefix = freshPrefix();
  const container = new Container();
  container.load(sessionModule({}, redisStore({ url: server().url, keyPrefix })));
  const here = await Stage.before(t, await container.getAsync(SessionManager));
  const client = await here.connect({ token: (await here.logIn()).token });
  await container.unbindAllAsync();
  t.is((await client.closed).code, 1012);
  await here.empties();
});
