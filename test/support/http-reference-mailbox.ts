import type { SessionContext } from '../../src/index.js';
import { offsetOf } from './http-client-ledger.js';

export interface ReferenceMessage {
  readonly offset: number;
  readonly at: number;
  readonly data: unknown;
  readonly key: string | undefined;
}

/** The content of a cursor: the offset up to which all was read, and the time of the message that was newest then. */
export interface Place {
  readonly offset: number;
  readonly proof: number;
}

/** @param cursor not empty */
export function placeOf(cursor: string): Place {
  return { offset: offsetOf(cursor), proof: Number.parseInt(cursor.split('.')[2] ?? '0', 36) };
}

interface ReferenceReader {
  cursor: Place;
  /** The last place that the reader was given. */
  given: Place;
  lastPoll: number;
  parked: boolean;
}

export interface ReferenceBatch {
  readonly messages: readonly { readonly offset: number; readonly at: number; readonly data: unknown }[];
  readonly offset: number;
  readonly lost: number;
  readonly reset?: true;
}

const start: Place = { offset: 0, proof: 0 };

/**
 * A mailbox in the simplest form that the design allows: it stores the fate of every offset for ever, and computes every
 * answer from these fates again.
 */
export class ReferenceMailbox {
  readonly #context: SessionContext;
  readonly #messages: ReferenceMessage[] = [];
  readonly #fates = new Map<number, 'kept' | 'replaced' | 'gone'>();
  readonly #readers = new Map<string, ReferenceReader>();
  #taken: Place = start;
  #floor = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  get tail(): number {
    return this.#messages.length;
  }

  /**
   * The highest offset that all known readers had passed at one time. A mailbox may have forgotten which messages up to it
   * were replaced, and then reports them as lost to a reader that goes back, even if another reader went back before.
   */
  get floor(): number {
    return this.#floor;
  }

  kept(now: number): readonly ReferenceMessage[] {
    const { messageTtl } = this.#context;
    for (const { offset, at } of this.#messages) {
      if (messageTtl > 0 && at + messageTtl <= now && this.#fates.get(offset) === 'kept')
        this.#fates.set(offset, 'gone');
    }
    return this.#messages.filter(({ offset }) => this.#fates.get(offset) === 'kept');
  }

  push(data: unknown, key: string | undefined, now: number): 'accepted' | 'dropped' | 'refused' {
    const { msgMaxLength, onOverflow } = this.#context;
    const fits = () => this.kept(now).filter((each) => key === undefined || each.key !== key).length < msgMaxLength;
    if (!fits()) this.#removeTaken(now);
    if (!fits()) {
      if (onOverflow === 'reject' || onOverflow === 'close') return 'refused';
      if (onOverflow === 'drop-newest') {
        this.#append(data, key, now, 'gone');
        return 'dropped';
      }
    }
    for (const each of this.kept(now))
      if (key !== undefined && each.key === key) this.#fates.set(each.offset, 'replaced');
    for (let [oldest] = this.kept(now); !fits() && oldest !== undefined; [oldest] = this.kept(now)) {
      this.#fates.set(oldest.offset, 'gone');
    }
    this.#append(data, key, now, 'kept');
    for (const reader of this.#readers.values()) if (reader.parked) reader.given = this.#end;
    return 'accepted';
  }

  /** Returns the last place that the reader was given. */
  givenTo(name: string): Place {
    return this.#readers.get(name)?.given ?? start;
  }

  /** @param after `undefined` for a drain, `''` for the oldest kept */
  read(name: string, after: Place | '' | undefined, limit: number, now: number): ReferenceBatch {
    const isReset = typeof after === 'object' && !this.#isProven(after, now);
    const from = isReset || after === '' ? this.#taken : (after ?? this.#readers.get(name)?.cursor ?? this.#taken);
    const reader = { cursor: from, given: from, lastPoll: now, parked: false };
    this.#readers.set(name, reader);
    this.#removeTaken(now);
    const rest = this.kept(now).filter(({ offset }) => offset > from.offset);
    const taken = rest.slice(0, limit);
    const offset = taken.length === rest.length ? this.tail : (taken.at(-1)?.offset ?? this.tail);
    let lost = 0;
    for (let each = from.offset + 1; each <= offset; each += 1) if (this.#fates.get(each) === 'gone') lost += 1;
    if (from.offset < this.tail) reader.given = { offset, proof: this.#end.proof };
    const messages = taken.map(({ offset, at, data }) => ({ offset, at, data }));
    return { messages, offset, lost, ...(isReset && { reset: true }) };
  }

  acknowledge(name: string, place: Place, now: number): void {
    const reader = this.#readers.get(name);
    if (reader === undefined || place.offset <= reader.cursor.offset) return;
    reader.cursor = place;
    this.#removeTaken(now);
  }

  setParked(name: string, parked: boolean, now: number): void {
    const reader = this.#readers.get(name);
    if (reader !== undefined) Object.assign(reader, { parked, lastPoll: now });
  }

  /** Resumes all readers: time during which the server was down does not count as their silence. */
  restart(now: number): void {
    for (const reader of this.#readers.values()) Object.assign(reader, { parked: false, lastPoll: now });
  }

  /** The place of a reader that has everything. */
  get #end(): Place {
    return { offset: this.tail, proof: this.#messages.at(-1)?.at ?? 0 };
  }

  /**
   * Whether the cursor can still be distinguished from one of another history. The proof is a retained message or a known
   * place, at its offset or later, that was the newest when the cursor was given.
   */
  #isProven({ offset, proof }: Place, now: number): boolean {
    const places = [this.#end, this.#taken, ...this.kept(now).map((each) => ({ offset: each.offset, proof: each.at }))];
    for (const { cursor, given } of this.#readers.values()) places.push(cursor, given);
    // The proof of the tail is known. A cursor at the tail with another proof is of another history.
    if (offset === this.tail && proof !== this.#end.proof) return offset === 0;
    return offset === 0 || places.some((place) => offset <= place.offset && proof === place.proof);
  }

  #append(data: unknown, key: string | undefined, at: number, fate: 'kept' | 'gone'): void {
    const offset = this.tail + 1;
    this.#messages.push({ offset, at, data, key });
    this.#fates.set(offset, fate);
  }

  #removeTaken(now: number): void {
    const readers = [...this.#readers.values()];
    const live = readers.filter(({ parked, lastPoll }) => parked || now - lastPoll < this.#context.readerGrace);
    const passed = lowestOf(live);
    if (passed === undefined) return;
    if (passed.offset > this.#taken.offset) {
      for (const { offset } of this.kept(now)) if (offset <= passed.offset) this.#fates.set(offset, 'gone');
      this.#taken = passed;
    }
    const lowest = Math.min(this.#taken.offset, lowestOf(readers)?.offset ?? 0);
    this.#floor = Math.max(this.#floor, lowest);
  }
}

function lowestOf(readers: readonly ReferenceReader[]): Place | undefined {
  return readers.map(({ cursor }) => cursor).toSorted((one, other) => one.offset - other.offset)[0];
}
