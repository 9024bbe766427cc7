import type { RedisCluster } from '../../../support/redis-cluster.js';
import type { RedisServer } from '../../../support/redis-server.js';

function idOf({ client }: RedisServer): Promise<string> {
  return client.call('CLUSTER', 'MYID').then(String);
}

/** Moves a slot in the way of redis-cli when it rebalances a Cluster. */
export async function migrate(cluster: RedisCluster, slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  await moveKeys(slot, from, to);
  await giveSlot(cluster, slot, to);
}

/** Begins a migration: from now on keys can be moved. */
export async function startMoving(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  await to.client.call('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', await idOf(from));
  await from.client.call('CLUSTER', 'SETSLOT', String(slot), 'MIGRATING', await idOf(to));
}

/** The first half of a migration: moves all keys to the new master; the old master still owns the slot. */
export async function moveKeys(slot: number, from: RedisServer, to: RedisServer): Promise<void> {
  await startMoving(slot, from, to);
  for (;;) {
    const keys = (await from.client.call('CLUSTER', 'GETKEYSINSLOT', String(slot), '10')) as string[];
    if (keys.length === 0) break;
    await from.client.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', 'KEYS', ...keys);
  }
}

/** The second half of a migration: makes the new master the owner of the slot. */
export async function giveSlot({ masters }: RedisCluster, slot: number, to: RedisServer): Promise<void> {
  // Notify the new owner first, so that the slot always has an owner.
  for (const { client } of [to, ...masters]) {
    await client.call('CLUSTER', 'SETSLOT', String(slot), 'NODE', await idOf(to));
  }
}
