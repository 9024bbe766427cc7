import type { Redis } from 'ioredis';

/** Returns all keys with this prefix, sorted. */
export async function keysUnder(client: Redis, keyPrefix: string): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', `${keyPrefix}*`, 'COUNT', 1_000);
    found.push(...keys);
    cursor = next;
  } while (cursor !== '0');
  return found.toSorted();
}

/** Returns the content of each key as the server would write it to a file, without the keys that heartbeats change. */
export async function dumpOf(client: Redis, keyPrefix: string): Promise<ReadonlyMap<string, string>> {
  const values = new Map<string, string>();
  for (const key of await keysUnder(client, keyPrefix)) {
    if (key.endsWith(':nodes')) continue;
    const value = await client.dumpBuffer(key);
    // The last ten bytes are the version and the checksum.
    if (value !== null) values.set(key, value.subarray(0, -10).toString('latin1'));
  }
  return values;
}
