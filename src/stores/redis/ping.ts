import { type Calls, mostWeight } from './calls.js';
import type { Keys } from './keys.js';
import { accepted } from './reply-decoders.js';
import { asUnavailable, unavailableAt } from './unavailable.js';

/**
 * Checks that every shard accepts writes. On a Cluster it asks every bucket, because slots may move between shards; on
 * a single server one bucket is enough.
 * @throws SessionError `STORE_UNAVAILABLE` with the reason of the first bucket that refuses writes
 */
export async function ping(queue: Calls, keys: Keys, isCluster: boolean): Promise<void> {
  const buckets = isCluster ? keys.buckets : keys.buckets.slice(0, 1);
  const answers = await Promise.allSettled(
    buckets.map((bucket) =>
      // The weight gives the ping a separate run: after a write of another call in the same run, such as a logout,
      // Redis would not refuse the ping for lack of memory.
      queue.call({
        bucket,
        operation: 'ping',
        keys: [keys.ping(bucket)],
        args: [],
        decode: accepted,
        weight: mostWeight,
      }),
    ),
  );
  const failures = answers.filter((answer) => answer.status === 'rejected');
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === buckets.length) throw asUnavailable(first.reason);
  throw unavailableAt(`${failures.length} of ${buckets.length} buckets`, first.reason);
}
