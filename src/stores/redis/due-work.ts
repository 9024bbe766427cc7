import type { ClosedSession, SessionReference } from '../../store/session-record.js';
import type { Slice } from '../../store/session-store.js';
import type { Calls } from './calls.js';
import type { Keys } from './keys.js';
import { accepted, closedOf, countOf, listsAt, numberAt, type Reply, silentSessionOf } from './reply-decoders.js';

/** Work that the nodes share: each node asks all buckets whether something is due, and takes it. */
export class DueWork {
  readonly #queue: Calls;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #acknowledging = new Set<Promise<void>>();
  /** Reports that the server may have made, and whose replies were lost: the bucket by the name of the report. */
  readonly #lostReports = new Map<string, string>();
  #reports = 0;
  /** The bucket to begin with; it rotates, so that none waits behind others that are always busy. */
  #first = 0;

  constructor(queue: Calls, keys: Keys, node: string) {
    this.#queue = queue;
    this.#keys = keys;
    this.#node = node;
  }

  /**
   * The server keeps a report of what a sweep closed until this node acknowledges it. If this node dies before, another
   * node reports it.
   */
  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    await this.#abandonLostReports();
    return this.#slice(
      limit,
      (bucket) => this.#keys.due(bucket),
      '1',
      async (bucket, key, share) => {
        this.#reports += 1;
        const report = `${this.#node}:${this.#reports}`;
        const slice = await this.#takeReport(report, bucket, key, share);
        if (slice.items.length > 0) this.#acknowledgeLater(bucket, key, report);
        return slice;
      },
    );
  }

  async judgePresence(limit: number): Promise<Slice<SessionReference>> {
    return this.#slice(
      limit,
      (bucket) => this.#keys.online(bucket),
      '0',
      (bucket, key, share) => {
        const decode = (reply: Reply) => sliceOf(reply, silentSessionOf);
        return this.#queue.call({
          bucket,
          operation: 'judgePresence',
          keys: [key],
          args: [share],
          decode,
          weight: share,
        });
      },
    );
  }

  /** Resolves when no report is left to acknowledge. */
  async settle(): Promise<void> {
    while (this.#acknowledging.size > 0) await Promise.all(this.#acknowledging);
  }

  async #slice<Item>(
    limit: number,
    keyOf: (bucket: string) => string,
    countOrphans: '0' | '1',
    take: (bucket: string, key: string, share: number) => Promise<Slice<Item>>,
  ): Promise<Slice<Item>> {
    const buckets = this.#inTurn();
    const counts = await Promise.all(
      buckets.map((bucket) =>
        this.#queue.call({
          bucket,
          operation: 'countDue',
          keys: [keyOf(bucket)],
          args: [countOrphans],
          decode: countOf,
        }),
      ),
    );
    let left = limit;
    let isAnySkipped = false;
    const taking: Promise<Slice<Item>>[] = [];
    buckets.forEach((bucket, index) => {
      const share = Math.min(left, counts[index] ?? 0);
      if (share > 0) taking.push(take(bucket, keyOf(bucket), share));
      else if ((counts[index] ?? 0) > 0) isAnySkipped = true;
      left -= share;
    });
    const slices = fulfilled(await Promise.allSettled(taking));
    const items = slices.flatMap((slice) => slice.items);
    return { items, more: isAnySkipped || slices.some(({ more }) => more) };
  }

  async #takeReport(report: string, bucket: string, key: string, share: number): Promise<Slice<ClosedSession>> {
    const args = [share, report];
    const decode = (reply: Reply) => sliceOf(reply, closedOf);
    try {
      return await this.#queue.call({ bucket, operation: 'sweep', keys: [key], args, decode, weight: share });
    } catch (error) {
      this.#lostReports.set(report, bucket);
      throw error;
    }
  }

  /** What this node may have taken without receiving it, the next sweep of any node reports. */
  async #abandonLostReports(): Promise<void> {
    const abandoning = [...this.#lostReports].map(async ([report, bucket]) => {
      const keys = [this.#keys.due(bucket)];
      await this.#queue.call({ bucket, operation: 'abandonReport', keys, args: [report], decode: accepted });
      this.#lostReports.delete(report);
    });
    await Promise.all(abandoning);
  }

  #inTurn(): readonly string[] {
    const { buckets } = this.#keys;
    this.#first = (this.#first + 1) % buckets.length;
    return [...buckets.slice(this.#first), ...buckets.slice(0, this.#first)];
  }

  /** One turn of the event loop later, when the caller of `sweep` has emitted the events. */
  #acknowledgeLater(bucket: string, key: string, report: string): void {
    const acknowledging = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#queue
          .call({ bucket, operation: 'acknowledgeReport', keys: [key], args: [report], decode: accepted })
          .then(
            () => resolve(),
            // Redis is unavailable. If this node dies as well, the sessions are reported twice rather than never.
            () => resolve(),
          );
      });
    }).finally(() => this.#acknowledging.delete(acknowledging));
    this.#acknowledging.add(acknowledging);
  }
}

function sliceOf<Item>(reply: Reply, itemOf: (reply: Reply) => Item): Slice<Item> {
  return { items: listsAt(accepted(reply), 2).map(itemOf), more: numberAt(reply, 1) === 1 };
}

/** The results, or the error if there are none: what one bucket returned must be reported although another failed. */
function fulfilled<Result>(results: readonly PromiseSettledResult<Result>[]): readonly Result[] {
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (done.length === 0 && failed !== undefined) throw failed.reason;
  return done;
}
