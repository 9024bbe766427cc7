import { threadId } from 'node:worker_threads';
import type { Cluster, Redis } from 'ioredis';
import { SessionContext } from '../../../src/index.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';

/** Small, because moving the clock writes to each bucket; more than one, so that accounts are spread over buckets. */
const buckets = 4;

/**
 * Lua function that reads the time from a key instead of the server's clock. Each bucket has its own key, because a
 * script on a Cluster must not read keys of another slot. Each run is one microsecond later than the run before, but
 * never a whole millisecond.
 */
export const exactTimeSource = `
local function microseconds()
  local clock = string.match(KEYS[1], '^[^{]*{[^}]*}') .. 'the-clock'
  local ticks = redis.call('INCR', clock .. '-ticks')
  return tonumber(redis.call('GET', clock)) * 1000 + math.min(ticks, 999)
end
`;

let latest = 0;

/** Returns a key prefix that no other test uses. AVA runs test files in threads of a process; they share servers. */
export function freshPrefix(): string {
  latest += 1;
  return `test-${process.pid}-${threadId}-${latest}:`;
}

/** The time of all stores under one prefix. It advances only when the test advances it. */
export class ExactClock {
  readonly #client: Redis | Cluster;
  readonly #keys: readonly string[];
  // Must not be earlier than the server's clock, by which the server expires keys.
  #now = Date.now();

  private constructor(client: Redis | Cluster, keys: readonly string[]) {
    this.#client = client;
    this.#keys = keys;
  }

  static async start(client: Redis | Cluster, keyPrefix: string): Promise<ExactClock> {
    const clock = new ExactClock(client, clockKeys(keyPrefix));
    await clock.advance(0);
    return clock;
  }

  advance(milliseconds: number): Promise<void> {
    return this.moveTo(this.#now + milliseconds);
  }

  async moveTo(time: number): Promise<void> {
    this.#now = time;
    await Promise.all(
      this.#keys.flatMap((key) => [this.#client.set(key, String(time)), this.#client.set(`${key}-ticks`, '0')]),
    );
  }

  now(): number {
    return this.#now;
  }
}

/** Returns the clock keys of all buckets in which the store puts accounts. */
function clockKeys(keyPrefix: string): readonly string[] {
  const store = new RedisStore(new SessionContext(), { keyPrefix, buckets });
  const found = new Set<string>();
  for (let account = 0; found.size < buckets; account += 1) found.add(store.idPrefix('default', `account-${account}`));
  return [...found].map((bucket) => `${keyPrefix}{${bucket}}the-clock`);
}

export function exactOptions(options: RedisStoreOptions): RedisStoreOptions {
  return { ...options, buckets };
}
