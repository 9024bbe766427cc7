import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { RedisProxy } from '../../support/redis-proxy.js';
import { freshPrefix } from './exact-clock.js';
import { serverFor } from './places.js';
import { newSession } from './workload.js';

const server = serverFor(test);

test('when the server has forgotten the heartbeats of the nodes, each expiry is reported by exactly one node', async (t) => {
  const { url } = server();
  const keyPrefix = freshPrefix();
  const nodes = [1, 2].map(() => new RedisStore(new SessionContext(), { url, keyPrefix }));
  for (const node of nodes) {
    await node.open(noListener);
    t.teardown(() => node.close());
  }
  const [first] = nodes;
  if (first === undefined) return t.fail();
  const sessions = Array.from({ length: 40 }, (_each, index) => newSession(first, `account ${index}`, { ttl: 1 }));
  for (const session of sessions) await first.insert(session);

  const told: string[] = [];
  await eventually(async () => {
    // Simulates the time between a restart from older data and the next heartbeat.
    for (const key of await server().client.keys(`${keyPrefix}*:nodes`)) await server().client.del(key);
    const slices = await Promise.all(nodes.map((node) => node.sweep(100)));
    for (const { items } of slices) told.push(...items.map(({ id }) => id));
    return told.length >= sessions.length;
  });
  t.deepEqual(told.toSorted(), sessions.map(({ id }) => id).toSorted());
});

test('a node that could not acknowledge a report does so when it stops, and no other node repeats it', async (t) => {
  const { url, port } = server();
  const keyPrefix = freshPrefix();
  const proxy = await RedisProxy.start(port);
  t.teardown(() => proxy.close());
  const node = new RedisStore(new SessionContext(), { url: proxy.url, keyPrefix });
  const other = new RedisStore(new SessionContext(), { url, keyPrefix });
  await other.open(noListener);
  t.teardown(() => other.close());
  await node.open(noListener);
  const session = newSession(node, 'alice', { ttl: 1 });
  await node.insert(session);
  await eventually(async () => {
    const { items } = await node.sweep(100);
    // Before the next turn of the event loop, in which the node acknowledges the report.
    if (items.length > 0) proxy.breakConnections();
    return items.length > 0;
  });
  await eventually(() =>
    node.ping().then(
      () => true,
      () => false,
    ),
  );
  await node.close();
  for (let sweeps = 0; sweeps < 3; sweeps += 1) t.deepEqual((await other.sweep(100)).items, []);
});
