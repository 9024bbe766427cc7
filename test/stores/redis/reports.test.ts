import test from 'ava';
import { SessionContext } from '../../../src/index.js';
import { noListener } from '../../../src/store/no-listener.js';
import { RedisStore } from '../../../src/stores/redis/index.js';
import { eventually } from '../../support/eventually.js';
import { freshPrefix } from './exact-clock.js';
import { onServer } from './places.js';
import { newSession } from './workload.js';

const server = onServer(test);

test('when the server has forgotten the heartbeats of the nodes, each expiry is reported by exactly one node', async (t) => {
  const { options } = server();
  const keyPrefix = freshPrefix();
  const nodes = [1, 2].map(() => new RedisStore(new SessionContext(), { ...options, keyPrefix }));
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
