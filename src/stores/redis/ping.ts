import type { CallQueue } from './call-queue.js';
import type { Keys } from './keys.js';
import { accepted } from './reply-decoders.js';
import { asUnavailable, unavailableAt } from './unavailable.js';

/**
 * Asks every bucket whether it can be written, and so every shard of a Cluster.
 * @throws SessionError `STORE_UNAVAILABLE` with the reason of the first bucket that can't
 */
export async function ping(queue: CallQueue, keys: Keys): Promise<void> {
  const { buckets } = keys;
  const answers = await Promise.allSettled(
    buckets.map((bucket) =>
      queue.call({ bucket, operation: 'ping', keys: [keys.ping(bucket)], args: [], decode: accepted }),
    ),
  );
  const failures = answers.filter((answer) => answer.status === 'rejected');
  const [first] = failures;
  if (first === undefined) return;
  if (failures.length === buckets.length) throw asUnavailable(first.reason);
  throw unavailableAt(`${failures.length} of ${buckets.length} buckets`, first.reason);
}
