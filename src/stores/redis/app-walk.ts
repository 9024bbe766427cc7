import type { CloseReason } from '../../errors/close-reason.js';
import { invalidArgument } from '../../errors/session-error.js';
import type { ClosedSession, SessionRecord } from '../../store/session-record.js';
import type { AppPage, AppQuery, PresenceCounts } from '../../store/session-store.js';
import type { Argument, Calls } from './calls.js';
import type { Keys } from './keys.js';
import { stepSize } from './program.js';
import {
  accepted,
  closedOf,
  listedRecordOf,
  listsAt,
  numberAt,
  type Reply,
  textAt,
  textsAt,
} from './reply-decoders.js';

/** Number of buckets that are asked at the same time when the replies are large. */
const bucketsAtOnce = 8;

/** The place at which a walk continues: a bucket, and the entry of its index after which it continues. */
interface Place {
  readonly bucket: number;
  readonly after: string;
}

const cursorPattern = /^([0-9A-Za-z]{2}):([0-9]{1,17}\.[0-9A-Za-z]{40})?$/;

/** Operations on all sessions of an app: bucket by bucket, in the stable order of the index. */
export class AppWalk {
  readonly #queue: Calls;
  readonly #keys: Keys;

  constructor(queue: Calls, keys: Keys) {
    this.#queue = queue;
    this.#keys = keys;
  }

  /** Asks every bucket for its size, then, at the same time, all buckets whose sessions may belong to the page. */
  async page(app: string, { activeWithin, limit, cursor }: AppQuery): Promise<AppPage> {
    let place: Place | undefined = this.#placeOf(cursor);
    const sizes = await this.#sizes(app);
    const records: SessionRecord[] = [];
    while (place !== undefined) {
      const left = limit - records.length;
      const first: Place = place;
      const buckets = this.#bucketsFor(sizes, first.bucket, left);
      const replies = await Promise.all(
        buckets.map((bucket) => {
          const after = bucket === first.bucket ? first.after : '';
          return this.#ask('page', app, bucket, [after, left, activeWithin ?? -1], Math.min(left, stepSize));
        }),
      );
      place = this.#collect(app, records, limit, buckets, replies);
      if (records.length === limit && place !== undefined) return { records, cursor: this.#cursorOf(place) };
    }
    return { records, cursor: undefined };
  }

  async *scan(app: string, size: number): AsyncIterable<readonly string[]> {
    let ids: string[] = [];
    for await (const replies of this.#walkAll(app, 'scan', [Math.min(size, stepSize)])) {
      for (const reply of replies) ids.push(...textsAt(reply, 2));
      for (; ids.length >= size; ids = ids.slice(size)) yield ids.slice(0, size);
    }
    if (ids.length > 0) yield ids;
  }

  async *endAll(app: string, reason: CloseReason): AsyncIterable<readonly ClosedSession[]> {
    for await (const replies of this.#walkAll(app, 'endSome', [stepSize / 5, reason])) {
      yield replies.flatMap((reply) => listsAt(reply, 2).map(closedOf));
    }
  }

  async countSessions(app: string): Promise<number> {
    return (await this.#sizes(app)).reduce((sum, size) => sum + size, 0);
  }

  /** Counts over all apps: in each bucket, all apps share the index by deadline and the index by silence. */
  async countPresence(): Promise<PresenceCounts> {
    const replies = await Promise.all(
      this.#keys.buckets.map((bucket) => {
        const keys = [this.#keys.due(bucket), this.#keys.online(bucket)];
        return this.#queue.call({ bucket, operation: 'presence', keys, args: [], decode: accepted, weight: 1 });
      }),
    );
    const sum = { online: 0, away: 0 };
    for (const reply of replies) {
      sum.online += numberAt(reply, 1);
      sum.away += numberAt(reply, 2);
    }
    return sum;
  }

  async countActiveAccounts(app: string, within: number): Promise<number> {
    const counts = await Promise.all(
      this.#keys.buckets.map(async (_name, bucket) => {
        let count = 0;
        let after = '';
        let counted = '';
        do {
          const reply = await this.#ask('countActive', app, bucket, [after, stepSize, within, counted], stepSize / 10);
          count += numberAt(reply, 2);
          counted = textAt(reply, 3);
          after = textAt(reply, 1);
        } while (after !== '');
        return count;
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  /** Walks through all buckets, `bucketsAtOnce` at a time, in steps. */
  async *#walkAll(app: string, operation: string, args: readonly Argument[]): AsyncIterable<readonly Reply[]> {
    for (let start = 0; start < this.#keys.buckets.length; start += bucketsAtOnce) {
      let places: Place[] = this.#keys.buckets.slice(start, start + bucketsAtOnce).map((_name, index) => {
        return { bucket: start + index, after: '' };
      });
      while (places.length > 0) {
        const replies = await Promise.all(
          places.map(({ bucket, after }) => this.#ask(operation, app, bucket, [after, ...args], stepSize / 10)),
        );
        yield replies;
        places = places
          .map(({ bucket }, index) => ({ bucket, after: textAt(replies[index] ?? [], 1) }))
          .filter(({ after }) => after !== '');
      }
    }
  }

  async #sizes(app: string): Promise<readonly number[]> {
    const replies = await Promise.all(this.#keys.buckets.map((_name, bucket) => this.#ask('size', app, bucket, [])));
    return replies.map((reply) => numberAt(reply, 1));
  }

  /** Returns `first` and the next buckets that together hold `wanted` sessions, or all remaining buckets. */
  #bucketsFor(sizes: readonly number[], first: number, wanted: number): readonly number[] {
    const buckets = [first];
    let held = 0;
    for (let bucket = first + 1; bucket < sizes.length && held < wanted; bucket += 1) {
      const size = sizes[bucket] ?? 0;
      if (size === 0) continue;
      buckets.push(bucket);
      held += size;
    }
    return buckets;
  }

  /** Adds records in order. @returns the place to continue at, or `undefined` after the last bucket */
  #collect(
    app: string,
    records: SessionRecord[],
    limit: number,
    buckets: readonly number[],
    replies: readonly Reply[],
  ): Place | undefined {
    for (const [index, reply] of replies.entries()) {
      const bucket = buckets[index] ?? 0;
      const found = listsAt(reply, 2);
      const places = textsAt(reply, 3);
      const taken = Math.min(found.length, limit - records.length);
      for (const record of found.slice(0, taken)) records.push(listedRecordOf(app, record));
      if (records.length === limit) return { bucket, after: places[taken - 1] ?? '' };
      const after = textAt(reply, 1);
      if (after !== '') return { bucket, after };
    }
    const next = (buckets.at(-1) ?? 0) + 1;
    return next < this.#keys.buckets.length ? { bucket: next, after: '' } : undefined;
  }

  #placeOf(cursor: string | undefined): Place {
    if (cursor === undefined) return { bucket: 0, after: '' };
    const [, name, after] = cursorPattern.exec(cursor) ?? [];
    const bucket = name === undefined ? -1 : this.#keys.buckets.indexOf(name);
    if (bucket === -1) throw invalidArgument('cursor', 'must be the cursor of a page', cursor);
    return { bucket, after: after ?? '' };
  }

  #cursorOf({ bucket, after }: Place): string {
    return `${this.#keys.buckets[bucket]}:${after}`;
  }

  #ask(operation: string, app: string, bucket: number, args: readonly Argument[], weight = 1): Promise<Reply> {
    const name = this.#keys.buckets[bucket] ?? '';
    const keys = [this.#keys.index(name, app)];
    return this.#queue.call({ bucket: name, operation, keys, args, decode: accepted, weight });
  }
}
