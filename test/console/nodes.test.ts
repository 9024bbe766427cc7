import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { NodeReports, reportPause } from '../../src/console/node-reports.js';
import { SessionError, type StoreBinding } from '../../src/index.js';
import { runtimeOf } from '../../src/service/app-service.js';
import { nodesApp } from '../../src/store/session-arguments.js';
import { redisStore } from '../../src/stores/redis/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { ConsoleKit } from '../support/console-kit.js';
import { until } from '../support/http-kit.js';
import { limits } from '../support/limits.js';
import { RedisServer } from '../support/redis-server.js';
import { Gate } from '../websocket/controlled-store.js';

interface ShownNode {
  readonly node: string;
  readonly isThis: boolean;
  readonly age: number;
  readonly figures: { readonly pid?: number; readonly counts?: Readonly<Record<string, number>> };
}

/** Returns the nodes that the console of this node shows after one second, when it reads them again. */
async function nodesNow(kit: ConsoleKit): Promise<readonly ShownNode[]> {
  await kit.clock.advance(1_000);
  return (await kit.read('overview')).nodes;
}

/** Returns the nodes once there are `count` of them. The start of a node does not wait until its first report is stored. */
async function nodesAt(kit: ConsoleKit, count: number): Promise<readonly ShownNode[]> {
  const giveUpAt = performance.now() + limits.event;
  for (;;) {
    const nodes = await nodesNow(kit);
    if (nodes.length === count && nodes.every(({ node }: ShownNode) => node !== '')) return nodes;
    if (performance.now() > giveUpAt) throw new Error(`The console shows ${nodes.length} nodes, not ${count}`);
  }
}

/** Checks the consoles of two nodes over one store. Calls `binding` for each of them. */
async function checkTwoNodes(t: ExecutionContext, binding: () => StoreBinding): Promise<void> {
  const one = await ConsoleKit.start('node', { store: binding() });
  t.teardown(() => one.close());
  const other = await ConsoleKit.start('fastify', { store: binding() });
  let isOpen = true;
  const stop = async () => {
    if (isOpen) await other.close();
    isOpen = false;
  };
  t.teardown(stop);
  await other.manager.createSession('alice');
  await other.clock.advance(reportPause);
  const [own, second] = await nodesAt(one, 2);
  t.true(own?.isThis);
  t.false(second?.isThis);
  t.not(own?.node, second?.node);
  t.is(second?.figures.pid, process.pid);
  t.deepEqual(
    (await nodesAt(other, 2)).map(({ node }) => node),
    [second?.node, own?.node],
    'each shows itself first',
  );
  await stop();
  t.deepEqual(
    (await nodesNow(one)).map(({ node }) => node),
    [own?.node],
    'a node that stops leaves at once',
  );
}

test('SQLite: the console of each node shows the figures of all', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'console-nodes-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await checkTwoNodes(t, () => sqliteStore({ path: join(folder, 'sessions.db') }));
});

test('Redis: the console of each node shows the figures of all', async (t) => {
  const redis = await RedisServer.start();
  t.teardown(() => redis.stop());
  await checkTwoNodes(t, () => redisStore({ url: redis.url, buckets: 4 }));
});

test('the console removes a dead node when its report is older than 20 s, and keeps a live node', async (t) => {
  const kit = await ConsoleKit.start('node');
  t.teardown(() => kit.close());
  const dead = new NodeReports(runtimeOf(kit.manager), async () => ({ host: 'dead' }));
  await dead.report();
  const reportedAt = kit.manager.now;
  const [own, other] = await nodesAt(kit, 2);
  t.like(other, { node: dead.node, isThis: false, figures: { host: 'dead' } });
  // Each call of `nodesNow` advances the clock by one second.
  await kit.clock.advance(reportedAt + 18_000 - kit.manager.now);
  t.is((await nodesNow(kit)).length, 2);
  await kit.clock.advance(2_000);
  t.deepEqual(
    (await nodesNow(kit)).map(({ node }) => node),
    [own?.node],
  );
});

test('a node whose report has expired while its process stood still reports again', async (t) => {
  const kit = await ConsoleKit.start('node');
  t.teardown(() => kit.close());
  const frozen = new NodeReports(runtimeOf(kit.manager), async () => ({ host: 'frozen' }));
  await frozen.report();
  const before = frozen.node;
  await kit.clock.advance(30_000);
  t.is((await nodesNow(kit)).length, 1);
  await frozen.report();
  t.not(frozen.node, before);
  await nodesAt(kit, 2);
});

test('a node whose first report takes longer than the pause between two reports is shown once', async (t) => {
  const kit = await ConsoleKit.start('node');
  t.teardown(() => kit.close());
  await nodesAt(kit, 1);
  const { store } = runtimeOf(kit.manager);
  const { insert } = store;
  const gate = new Gate();
  store.insert = async (session) => {
    await gate.pass();
    return insert.call(store, session);
  };
  const slow = new NodeReports(runtimeOf(kit.manager), async () => ({ host: 'slow' }));
  const reports = [slow.report(), slow.report()];
  await until(() => gate.arrivals > 0);
  gate.open();
  await Promise.all(reports);
  t.is((await nodesNow(kit)).length, 2);
});

test('reports emit no event, are counted nowhere and are in no list of the application', async (t) => {
  const kit = await ConsoleKit.start('node', { context: { gcTime: 60_000 } });
  t.teardown(() => kit.close());
  const heard: string[] = [];
  for (const event of ['created', 'renewed', 'closed'] as const) {
    kit.manager.inApp(nodesApp).on(event, () => heard.push(event));
  }
  await nodesAt(kit, 1);
  await kit.clock.advance(30_000);
  t.deepEqual(heard, []);
  t.is(kit.manager.counts.total('created'), 0);
  t.deepEqual(await kit.read('sessions'), { sessions: [] });
});

test('a node whose first report was stored, but not acknowledged, is shown once', async (t) => {
  const kit = await ConsoleKit.start('node');
  t.teardown(() => kit.close());
  const { store } = runtimeOf(kit.manager);
  const { insert } = store;
  const lost: string[] = [];
  store.insert = async (session) => {
    await insert.call(store, session);
    lost.push(session.id);
    throw new SessionError('STORE_UNAVAILABLE', 'The answer was lost', {});
  };
  const unsure = new NodeReports(runtimeOf(kit.manager), async () => ({ host: 'unsure' }));
  await nodesAt(kit, 1);
  await unsure.report();
  await unsure.report();
  t.is(lost.length, 1);
  t.is((await nodesNow(kit)).length, 2);
  t.is(unsure.node, lost[0]);
});

test('a console whose figures exceed attributesMaxBytes says why nodes may be missing', async (t) => {
  const kit = await ConsoleKit.start('node', { context: { attributesMaxBytes: 500 } });
  t.teardown(() => kit.close());
  await kit.clock.advance(reportPause);
  const { nodes, nodesFault } = await kit.read('overview');
  t.is(nodes.length, 1);
  t.regex(nodesFault, /attributesMaxBytes \(500\)/);
});

test('neither the silence of a node between two reports nor its death is an event', async (t) => {
  const kit = await ConsoleKit.start('node', { context: { hbGrace: 3_000 } });
  t.teardown(() => kit.close());
  const heard: string[] = [];
  for (const event of ['away', 'online', 'closed'] as const) {
    kit.manager.inApp(nodesApp).on(event, () => heard.push(event));
  }
  const dead = new NodeReports(runtimeOf(kit.manager), async () => ({ host: 'dead' }));
  await dead.report();
  await nodesAt(kit, 2);
  for (let second = 0; second < 60; second += 1) await kit.clock.advance(1_000);
  t.is((await nodesNow(kit)).length, 1);
  t.deepEqual(heard, []);
  t.is(kit.manager.counts.total('away') + kit.manager.counts.total('closed'), 0);
});

test('a console that can’t read the other nodes shows its own node and the reason', async (t) => {
  const kit = await ConsoleKit.start('node');
  t.teardown(() => kit.close());
  const { store } = runtimeOf(kit.manager);
  store.ping = () => Promise.reject(new Error('broken'));
  store.listAccount = () => Promise.reject(new Error('broken'));
  await kit.clock.advance(1_000);
  const { nodes, nodesFault } = await kit.read('overview');
  t.is(nodes.length, 1);
  t.is(nodes[0].figures.storeFault, 'The store can’t be used');
  t.is(nodesFault, 'The other nodes can’t be read');
});
