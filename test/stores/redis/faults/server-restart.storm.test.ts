import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { rounds } from '../../../support/limits.js';
import { RedisServer, testConnectionName } from '../../../support/redis-server.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { Traffic } from '../../nodes/traffic.js';
import { freshPrefix } from '../exact-clock.js';

const roomy = { msgMaxLength: 100_000, mailboxMaxBytes: 100_000_000 };
/** While the server is down, a call must fail much earlier than the time limits of the connection, which are 5 s. */
const atOnceMs = 4_000;

/** Returns the number of connections, without those of the test. */
async function connectionsTo(server: RedisServer): Promise<number> {
  const list = String(await server.client.client('LIST'));
  return list.split('\n').filter((line) => line !== '' && !line.includes(`name=${testConnectionName}`)).length;
}

test('while the server is down, calls fail immediately and polls stay held; after its restart, polls report reset and calls succeed', async (t) => {
  const server = await RedisServer.start({ appendonly: 'yes', appendfsync: 'always' });
  t.teardown(() => server.stop());
  const settings = { context: {}, options: { url: server.url, keyPrefix: freshPrefix() } };
  const [one, other] = await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]);
  const { id, token } = await one.do('create', 'alice');
  const connections = await connectionsTo(server);
  const sockets = (await other.do('resources')).filter((name) => name.startsWith('TCP'));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const held = await other.hold(id);
    await server.kill(signal);
    const actions = [
      () => one.do('create', 'bob'),
      () => one.do('authenticate', token),
      () => one.do('push', id, 'x'),
      () => one.do('poll', id, { after: '' }),
      () => one.do('sessionsOfAccount', 'alice'),
      () => one.do('sessionsOfApp'),
      () => one.do('close', id),
    ];
    for (const action of actions) {
      const start = performance.now();
      await t.throwsAsync(action, { code: 'STORE_UNAVAILABLE' });
      t.true(performance.now() - start < atOnceMs, `${action}`);
    }
    t.false(held.isOver);
    await server.restart();
    await eventually(() =>
      one.do('authenticate', token).then(
        () => true,
        () => false,
      ),
    );
    const { reset } = await held.batch;
    t.true(reset, 'the server may have forgotten messages');
    const next = await other.hold(id);
    await eventually(() =>
      one.do('push', id, signal).then(
        () => true,
        () => false,
      ),
    );
    const { messages, lost, closed } = await next.batch;
    t.deepEqual([messages.at(-1)?.data, lost, closed], [signal, 0, undefined]);
    // The notice may have arrived before the connection for commands was restored.
    await eventually(() =>
      other.do('authenticate', token).then(
        () => true,
        () => false,
      ),
    );
  }
  await eventually(async () => (await connectionsTo(server)) === connections, {
    what: 'as many connections as before',
  });
  t.deepEqual(
    (await other.do('resources')).filter((name) => name.startsWith('TCP')),
    sockets,
  );
  t.is(await other.do('held'), 0);
  for (const node of [one, other]) t.deepEqual(await node.do('unhandled'), []);
});

test('no acknowledged push is missed over a restart of a server that syncs every write', async (t) => {
  const server = await RedisServer.start({ appendonly: 'yes', appendfsync: 'always' });
  t.teardown(() => server.stop());
  const nodes = await ServiceProcess.startAll(t, 2, {
    context: roomy,
    options: { url: server.url, keyPrefix: freshPrefix() },
  });
  const traffic = await Traffic.start(nodes);
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    await traffic.goesOn();
    await server.kill(signal);
    await server.restart();
  }
  await traffic.goesOn();
  await traffic.settle(t, true);
  for (const node of nodes) t.deepEqual(await node.do('unhandled'), []);
});

test('when the server has lost all data, sessions are unknown and new ones work', async (t) => {
  const server = await RedisServer.start();
  t.teardown(() => server.stop());
  const nodes = await ServiceProcess.startAll(t, 2, {
    context: {},
    options: { url: server.url, keyPrefix: freshPrefix() },
  });
  const [one, other] = nodes;
  if (one === undefined || other === undefined) throw new Error('there are two nodes');
  const { id, token } = await one.do('create', 'alice');
  const held = await other.hold(id);
  await server.client.flushall();
  await t.throwsAsync(one.do('authenticate', token), { code: 'SESSION_UNKNOWN' });
  await t.throwsAsync(one.do('push', id, 1), { code: 'SESSION_UNKNOWN' });
  await t.throwsAsync(one.do('poll', id, { after: '' }), { code: 'SESSION_UNKNOWN' });
  t.deepEqual(await one.do('sessionsOfAccount', 'alice'), []);
  const fresh = await one.do('create', 'alice');
  const heldAgain = await other.hold(fresh.id);
  await one.do('push', fresh.id, 'hi');
  const { messages, lost } = await heldAgain.batch;
  t.deepEqual([messages.map(({ data }) => data), lost], [['hi'], 0]);
  await t.throwsAsync(held.batch, { code: 'SESSION_UNKNOWN' });
  // The server restarts without any data.
  const last = await other.hold(fresh.id);
  await server.kill();
  await server.restart();
  await t.throwsAsync(last.batch, { code: 'SESSION_UNKNOWN' });
  for (const node of nodes) t.deepEqual(await node.do('unhandled'), []);
});

test('operations succeed although the server lost the scripts', async (t) => {
  const server = await RedisServer.start();
  t.teardown(() => server.stop());
  const nodes = await ServiceProcess.startAll(t, 2, {
    context: roomy,
    options: { url: server.url, keyPrefix: freshPrefix() },
  });
  const traffic = await Traffic.start(nodes);
  for (let round = 0; round < rounds({ sample: 3, full: 10 }); round += 1) {
    await traffic.goesOn();
    await server.client.script('FLUSH');
  }
  await traffic.settle(t);
  t.is(traffic.failures, 0);
});
