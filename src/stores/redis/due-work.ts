import { reportFault } from '../../errors/fault-report.js';
import type { ClosedSession, SessionReference } from '../../store/session-record.js';
import type { Slice } from '../../store/session-store.js';
import type { Calls } from './calls.js';
import type { Keys } from './keys.js';
import {
  accepted,
  closedOf,
  countOf,
  listAt,
  numberAt,
  type Reply,
  silentSessionOf,
  textsAt,
} from './reply-decoders.js';

/** The work that the nodes share. Each node asks all buckets whether something is due, and takes it. */
export class DueWork {
  readonly #queue: Calls;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #acknowledging = new Set<Promise<void>>();
  /**
   * The buckets of the reports whose acknowledgement failed, by the name of the report. They are acknowledged again by
   * the next sweep, or when this node stops: otherwise another node would repeat them then.
   */
  readonly #unacknowledged = new Map<string, string>();
  /**
   * The buckets of the reports that the server may have made, but whose replies were lost, by the name of the report.
   */
  readonly #lostReports = new Map<string, string>();
  #reports = 0;
  /** The index of the first bucket of a slice. It rotates, so that no bucket always waits behind busy buckets. */
  #first = 0;

  constructor(queue: Calls, keys: Keys, node: string) {
    this.#queue = queue;
    this.#keys = keys;
    this.#node = node;
  }

  /**
   * Closes expired sessions. The server keeps a report of the closed sessions until this node acknowledges it. If this
   * node dies before that, another node reports them.
   */
  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    await this.#abandonLostReports();
    this.#acknowledgeAgain();
    return this.#slice(
      limit,
      (bucket) => this.#keys.due(bucket),
      '1',
      async (bucket, key, share) => {
        this.#reports += 1;
        const report = `${this.#node}:${this.#reports}`;
        const { slice, isReport } = await this.#takeReport(report, bucket, key, share);
        if (isReport) this.#acknowledgeLater(bucket, report);
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

  /** Resolves when each report was acknowledged, if the server can be reached. */
  async settle(): Promise<void> {
    await this.#acknowledged();
    this.#acknowledgeAgain();
    await this.#acknowledged();
  }

  async #acknowledged(): Promise<void> {
    while (this.#acknowledging.size > 0) await Promise.all(this.#acknowledging);
  }

  async #slice<Item>(
    limit: number,
    keyOf: (bucket: string) => string,
    countOrphans: '0' | '1',
    take: (bucket: string, key: string, share: number) => Promise<Slice<Item>>,
  ): Promise<Slice<Item>> {
    const buckets = this.#inTurn();
    const counted = await Promise.allSettled(
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
    // A bucket that can't be reached keeps no other bucket from its work.
    const counts = counted.map((count) => (count.status === 'fulfilled' ? count.value : 0));
    const failed = counted.find((count) => count.status === 'rejected');
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
    if (items.length === 0 && failed !== undefined) throw failed.reason;
    return { items, more: isAnySkipped || slices.some(({ more }) => more) };
  }

  async #takeReport(report: string, bucket: string, key: string, share: number): Promise<Swept> {
    const args = [share, report];
    const decode = sweptOf;
    try {
      return await this.#queue.call({ bucket, operation: 'sweep', keys: [key], args, decode, weight: share });
    } catch (error) {
      this.#lostReports.set(report, bucket);
      throw error;
    }
  }

  /**
   * Abandons the reports that this node may have taken but did not receive. The next sweep of any node reports them.
   */
  async #abandonLostReports(): Promise<void> {
    const abandoning = [...this.#lostReports].map(async ([report, bucket]) => {
      const keys = [this.#keys.due(bucket)];
      await this.#queue.call({ bucket, operation: 'abandonReport', keys, args: [report], decode: accepted });
      this.#lostReports.delete(report);
    });
    // The next sweep tries again those that failed.
    await Promise.allSettled(abandoning);
  }

  #inTurn(): readonly string[] {
    const { buckets } = this.#keys;
    this.#first = (this.#first + 1) % buckets.length;
    return [...buckets.slice(this.#first), ...buckets.slice(0, this.#first)];
  }

  /** Acknowledges the report one turn of the event loop later, when the caller of `sweep` has emitted the events. */
  #acknowledgeLater(bucket: string, report: string): void {
    const acknowledging = new Promise<void>((resolve) => {
      setImmediate(() => {
        const keys = [this.#keys.due(bucket)];
        this.#queue.call({ bucket, operation: 'acknowledgeReport', keys, args: [report], decode: accepted }).then(
          () => resolve(),
          () => {
            // Redis is unavailable. If this node dies before it is back, another node reports the sessions again.
            this.#unacknowledged.set(report, bucket);
            resolve();
          },
        );
      });
    }).finally(() => this.#acknowledging.delete(acknowledging));
    this.#acknowledging.add(acknowledging);
  }

  #acknowledgeAgain(): void {
    const failed = [...this.#unacknowledged];
    this.#unacknowledged.clear();
    for (const [report, bucket] of failed) this.#acknowledgeLater(bucket, report);
  }
}

/** The reply to one sweep of a bucket. */
interface Swept {
  readonly slice: Slice<ClosedSession>;
  /** Whether the server keeps a report. It may contain only sessions that can't be read. */
  readonly isReport: boolean;
}

function sweptOf(reply: Reply): Swept {
  const slice = sliceOf(reply, closedOf);
  const damaged = textsAt(reply, 3);
  if (damaged.length > 0) {
    const what = `The values of ${damaged.length} sessions in Redis can't be read. Their expiry is not reported`;
    reportFault(what, new Error(`The sessions ${damaged.join(', ')}`));
  }
  return { slice, isReport: listAt(reply, 2).length > 0 };
}

/** Leaves out the items that do not fit: their values may be damaged, and the others must be reported. */
function sliceOf<Item>(reply: Reply, itemOf: (reply: Reply) => Item): Slice<Item> {
  const list = listAt(accepted(reply), 2);
  const items: Item[] = [];
  for (const index of list.keys()) {
    try {
      items.push(itemOf(listAt(list, index)));
    } catch (error) {
      reportFault("A value of a session in Redis can't be read. Its expiry or absence is not reported", error);
    }
  }
  return { items, more: numberAt(reply, 1) === 1 };
}

/**
 * Returns the results, or throws the error if there are none. The results of one bucket must be reported even if
 * another bucket failed.
 */
function fulfilled<Result>(results: readonly PromiseSettledResult<Result>[]): readonly Result[] {
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (done.length === 0 && failed !== undefined) throw failed.reason;
  return done;
}
