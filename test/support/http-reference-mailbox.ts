import type { SessionContext } from '../../src/index.js';

export interface ReferenceMessage {
  readonly offset: number;
  readonly at: number;
  readonly data: unknown;
  readonly key: string | undefined;
}

interface ReferenceReader {
  cursor: number;
  /** The cursor that it was given last. */
  given: number;
  lastPoll: number;
  parked: boolean;
}

export interface ReferenceBatch {
  readonly messages: readonly { readonly offset: number; readonly at: number; readonly data: unknown }[];
  readonly offset: number;
  readonly lost: number;
  readonly reset?: true;
}

/**
 * A mailbox as a reader of the design would write it down: every offset keeps its fate for ever, and everything asked is
 * counted anew from those fates.
 */
export class ReferenceMailbox {
  readonly #context: SessionContext;
  readonly #messages: ReferenceMessage[] = [];
  readonly #fates = new Map<number, 'kept' | 'replaced' | 'gone'>();
  readonly #readers = new Map<string, ReferenceReader>();
  #taken = 0;

  constructor(context: SessionContext) {
    this.#context = context;
  }

  get tail(): number {
    return this.#messages.length;
  }

  /** The least of what known readers have said to have; below it, replaced places may be told as lost. */
  get lowestCursor(): number {
    return Math.min(...[...this.#readers.values()].map(({ cursor }) => cursor));
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
    for (const reader of this.#readers.values()) if (reader.parked) reader.given = this.tail;
    return 'accepted';
  }

  /** How many messages were accepted at this time. */
  acceptedAt(time: number): number {
    return this.#messages.filter(({ at }) => at === time).length;
  }

  /**
   * @param after `undefined` for a drain, `''` for the oldest kept
   * @param isProven whether the cursor holds although its offset is none that is remembered
   */
  read(name: string, after: number | '' | undefined, limit: number, now: number, isProven = false): ReferenceBatch {
    const isReset = typeof after === 'number' && !isProven && !this.#isRemembered(after, now);
    const from = isReset || after === '' ? this.#taken : (after ?? this.#readers.get(name)?.cursor ?? this.#taken);
    const reader = { cursor: from, given: from, lastPoll: now, parked: false };
    this.#readers.set(name, reader);
    this.#removeTaken(now);
    const rest = this.kept(now).filter(({ offset }) => offset > from);
    const taken = rest.slice(0, limit);
    const offset = taken.length === rest.length ? this.tail : (taken.at(-1)?.offset ?? this.tail);
    let lost = 0;
    for (let each = from + 1; each <= offset; each += 1) if (this.#fates.get(each) === 'gone') lost += 1;
    reader.given = offset;
    const messages = taken.map(({ offset, at, data }) => ({ offset, at, data }));
    return { messages, offset, lost, ...(isReset && { reset: true }) };
  }

  acknowledge(name: string, offset: number, now: number): void {
    const reader = this.#readers.get(name);
    if (reader === undefined || offset <= reader.cursor) return;
    reader.cursor = offset;
    this.#removeTaken(now);
  }

  setParked(name: string, parked: boolean, now: number): void {
    const reader = this.#readers.get(name);
    if (reader !== undefined) Object.assign(reader, { parked, lastPoll: now });
  }

  /** Time during which the server was down does not count as silence of a reader. */
  restart(now: number): void {
    for (const reader of this.#readers.values()) Object.assign(reader, { parked: false, lastPoll: now });
  }

  /** Whether a cursor at this offset can still be told from one of another history. */
  #isRemembered(offset: number, now: number): boolean {
    const known = [0, this.tail, this.#taken, ...this.kept(now).map((each) => each.offset)];
    for (const { cursor, given } of this.#readers.values()) known.push(cursor, given);
    return known.includes(offset);
  }

  #append(data: unknown, key: string | undefined, at: number, fate: 'kept' | 'gone'): void {
    const offset = this.tail + 1;
    this.#messages.push({ offset, at, data, key });
    this.#fates.set(offset, fate);
  }

  #removeTaken(now: number): void {
    const live = [...this.#readers.values()].filter(
      ({ parked, lastPoll }) => parked || now - lastPoll < this.#context.readerGrace,
    );
    if (live.length === 0) return;
    const passed = Math.min(...live.map(({ cursor }) => cursor));
    for (const { offset } of this.kept(now)) if (offset <= passed) this.#fates.set(offset, 'gone');
    this.#taken = Math.max(this.#taken, passed);
  }
}
