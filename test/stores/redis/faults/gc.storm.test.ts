import test from 'ava';
import type { Redis } from 'ioredis';
import { createSpread } from '../../nodes/event-log.js';
import { gcFaults } from '../../nodes/faults/gc.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { serverFor } from '../places.js';

const server = serverFor(test);

gcFaults(test, async () => ({ url: server().url, keyPrefix: freshPrefix() }));

test('when all nodes are dead, every key expires by itself', async (t) => {
  const { url, client } = server();
  const keyPrefix = freshPrefix();
  const context = { gcTime: 5_000, tombstoneTime: 1_000, hbGrace: 500, gcInterval: 3_600_000, hbTime: 3_600_000 };
  const nodes = await ServiceProcess.startAll(t, 2, { context, options: { url, keyPrefix } });
  const [one, other] = nodes;
  if (one === undefined || other === undefined) throw new Error('there are two nodes');
  await createSpread(nodes, 200);
  const { id } = await one.do('create', 'alice', { attributes: { theme: 'dark' } });
  for (let each = 0; each < 10; each += 1) await one.do('push', id, 'x'.repeat(100));
  await other.hold((await one.do('create', 'bob')).id);
  const closed = await one.do('create', 'carol');
  await one.do('close', closed.id);
  for (const node of nodes) await node.kill();
  const ttls = await lifetimes(client, keyPrefix);
  t.true(ttls.size > 200);
  for (const [key, ttl] of ttls) {
    t.true(ttl > 0, `${key} has no deadline`);
    // Keys of nodes and reports expire after a day.
    const most = key.endsWith(':nodes') || key.endsWith(':reports') ? 86_400_000 : longestLife;
    t.true(ttl <= most, `${key} stays for ${ttl} ms`);
  }
});

/** The sum of a held poll of 25 s, twice the ttl, the tombstone, 60 s of slack, and the rounding of index deadlines. */
const longestLife = 25_000 + 2 * 5_000 + 1_000 + 60_000 + 2 * 1_048_576;

async function lifetimes(client: Redis, keyPrefix: string): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${keyPrefix}*`, 'COUNT', 1_000);
    for (const key of keys) found.set(key, await client.pttl(key));
    cursor = next;
  } while (cursor !== '0');
  return found;
}
