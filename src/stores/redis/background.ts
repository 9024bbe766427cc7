import type { ClosedSession, SessionReference } from '../../store/session-record.js';
import type { Slice } from '../../store/session-store.js';
import type { CallQueue } from './call-queue.js';
import type { Keys } from './keys.js';
import { accepted, closedOf, countOf, listsAt, numberAt, type Reply, silentOf } from './replies.js';

/** Work that the nodes share: each asks all buckets whether something is due, and takes what it finds. */
export class Background {
  readonly #queue: CallQueue;
  readonly #keys: Keys;
  readonly #node: string;
  readonly #telling = new Set<Promise<void>>();
  /** Reports that the server may have made, and whose answers never came. */
  readonly #doubtful = new Map<string, string>();
  #reports = 0;
  /** The bucket to begin with: in turns, so that none waits behind others that are always busy. */
  #first = 0;

  constructor(queue: CallQueue, keys: Keys, node: string) {
    this.#queue = queue;
    this.#keys = keys;
    this.#node = node;
  }

  /**
   * What a sweep closed is kept by the server until its caller has had it. Should this node die before, another tells
   * of it.
   */
  async sweep(limit: number): Promise<Slice<ClosedSession>> {
    await this.#disown();
    return this.#slice(
      limit,
      (bucket) => this.#keys.due(bucket),
      '1',
      async (bucket, key, share) => {
        this.#reports += 1;
        const report = `${this.#node}:${this.#reports}`;
        const slice = await this.#askFor(report, bucket, key, share);
        if (slice.items.length > 0) this.#tellLater(bucket, key, report);
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
        const decode = (reply: Reply) => sliceOf(reply, silentOf);
        return this.#queue.call({ bucket, operation: 'judge', keys: [key], args: [share], decode, weight: share });
      },
    );
  }

  /** Resolves when no report is left to acknowledge. */
  async settle(): Promise<void> {
    while (this.#telling.size > 0) await Promise.all(this.#telling);
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
          operation: 'waiting',
          keys: [keyOf(bucket)],
          args: [countOrphans],
          decode: countOf,
        }),
      ),
    );
    let left = limit;
    let passedOver = false;
    const taking: Promise<Slice<Item>>[] = [];
    buckets.forEach((bucket, index) => {
      const share = Math.min(left, counts[index] ?? 0);
      if (share > 0) taking.push(take(bucket, keyOf(bucket), share));
      else if ((counts[index] ?? 0) > 0) passedOver = true;
      left -= share;
    });
    const slices = fulfilled(await Promise.allSettled(taking));
    const items = slices.flatMap((slice) => slice.items);
    return { items, more: passedOver || slices.some(({ more }) => more) };
  }

  async #askFor(report: string, bucket: string, key: string, share: number): Promise<Slice<ClosedSession>> {
    const args = [share, report];
    const decode = (reply: Reply) => sliceOf(reply, closedOf);
    try {
      return await this.#queue.call({ bucket, operation: 'sweep', keys: [key], args, decode, weight: share });
    } catch (error) {
      this.#doubtful.set(report, bucket);
      throw error;
    }
  }

  /** What this node may have taken without hearing of it is left to whoever sweeps next. */
  async #disown(): Promise<void> {
    const disowning = [...this.#doubtful].map(async ([report, bucket]) => {
      const keys = [this.#keys.due(bucket)];
      await this.#queue.call({ bucket, operation: 'disown', keys, args: [report], decode: accepted });
      this.#doubtful.delete(report);
    });
    await Promise.all(disowning);
  }

  #inTurn(): readonly string[] {
    const { buckets } = this.#keys;
    this.#first = (this.#first + 1) % buckets.length;
    return [...buckets.slice(this.#first), ...buckets.slice(0, this.#first)];
  }

  /** One turn later, when whoever asked has told of it. */
  #tellLater(bucket: string, key: string, report: string): void {
    const telling = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#queue.call({ bucket, operation: 'told', keys: [key], args: [report], decode: accepted }).then(
          () => resolve(),
          // The server is away; it is told twice rather than never, should this node die as well.
          () => resolve(),
        );
      });
    }).finally(() => this.#telling.delete(telling));
    this.#telling.add(telling);
  }
}

function sliceOf<Item>(reply: Reply, itemOf: (reply: Reply) => Item): Slice<Item> {
  return { items: listsAt(accepted(reply), 2).map(itemOf), more: numberAt(reply, 1) === 1 };
}

/** What was done, or why nothing was: what one bucket gave must be told, whatever became of another. */
function fulfilled<Result>(results: readonly PromiseSettledResult<Result>[]): readonly Result[] {
  const done = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  const failed = results.find((result) => result.status === 'rejected');
  if (done.length === 0 && failed !== undefined) throw failed.reason;
  return done;
}
