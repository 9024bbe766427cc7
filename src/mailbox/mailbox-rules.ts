import type { MailboxAppend, MailboxBounds, MailboxRead, MessagesBeyond } from './mailbox-results.js';
import { Message, type OutgoingMessage } from './message.js';
import { OffsetRuns } from './offset-runs.js';
import { Reader } from './reader.js';

const noMessages: readonly Message[] = [];
/** Shared by all mailboxes without readers. Never changed. */
const noReaders: never[] = [];
const dropped: MailboxAppend = { verdict: 'dropped', dropped: 1, message: undefined };
const full: MailboxAppend = { verdict: 'full', dropped: 0, message: undefined };
const close: MailboxAppend = { verdict: 'close', dropped: 0, message: undefined };

/**
 * The rules of a bounded log of messages with several readers. Subclasses store the messages.
 *
 * Every offset up to the tail is in exactly one state: retained, replaced (by a newer message with the same key), or
 * gone. A gone message beyond a reader's cursor is lost to that reader. So `lost` is not stored, but calculated: the
 * offsets passed, minus the messages delivered, minus the replaced ones. This is exact for a known reader, and never too
 * small for a cursor older than those of all known readers.
 *
 * Has no clock: the caller passes `now`, in milliseconds since the Unix epoch.
 */
export abstract class MailboxRules {
  abstract readonly epoch: string;
  protected lastOffset = 0;
  /** Messages up to this offset were removed because all live readers had them. A new reader starts here. */
  protected taken = 0;
  protected bytes = 0;
  /** Whether an older message was ever appended after a younger one, as `SessionStore.replace` does. */
  protected agesMixed = false;
  protected readers: Reader[] = noReaders;
  protected replaced: OffsetRuns | undefined;

  /** The number of messages retained. */
  protected abstract get count(): number;
  protected abstract get oldest(): Message | undefined;
  /** The `at` of the message retained with the highest offset; 0 if there is none. */
  protected abstract get newestTime(): number;
  /** The retained message with this key. */
  protected abstract withKey(key: string): Message | undefined;
  protected abstract beyond(offset: number, limit: number): MessagesBeyond;
  /** The messages retained whose `at` is not after `time`. */
  protected abstract pushedUntil(time: number): readonly Message[];
  protected abstract addNewest(message: Message): void;
  protected abstract remove(message: Message): void;
  protected abstract removeOldest(oldest: Message): void;

  /** Deletes all messages and forgets what is known of them; the readers stay known. */
  abstract clear(): void;

  /** The offset of the newest message ever accepted; 0 if there was none. */
  get tail(): number {
    return this.lastOffset;
  }

  /** The known readers. The next operation may change this array. */
  get allReaders(): readonly Reader[] {
    return this.readers;
  }

  get isAnyParked(): boolean {
    for (const { parked } of this.readers) if (parked) return true;
    return false;
  }

  /** How many retained messages are not past `messageTtl` (0 for no limit). Changes nothing. */
  countFresh(now: number, messageTtl: number): number {
    const { oldest } = this;
    if (messageTtl === 0 || oldest === undefined) return this.count;
    if (!this.agesMixed && oldest.at + messageTtl > now) return this.count;
    return this.count - this.pushedUntil(now - messageTtl).length;
  }

  /** The messages retained, oldest first. The next operation may change this array. */
  get messages(): readonly Message[] {
    return this.beyond(0, this.count).messages;
  }

  /** Appends one message by the bounds and `onOverflow`. A retained message with its key is replaced. */
  append(outgoing: OutgoingMessage, now: number, bounds: MailboxBounds): MailboxAppend {
    this.dropAged(now, bounds);
    let replacing = this.#keyed(outgoing);
    if (!this.#fits(outgoing, replacing, bounds)) {
      this.#removeTaken(now, bounds);
      // The message with its key may have been removed, too.
      replacing = this.#keyed(outgoing);
    }
    if (this.#fits(outgoing, replacing, bounds)) {
      return this.#accept(outgoing, replacing, now, 0);
    }
    switch (bounds.onOverflow) {
      case 'reject':
        return full;
      case 'close':
        return close;
      case 'drop-newest':
        this.lastOffset += 1;
        return dropped;
      case 'drop-oldest':
        return this.#acceptByDropping(outgoing, replacing, now, bounds);
    }
  }

  /**
   * Moves the reader to `after`, removes the messages that all live readers have passed, and returns the messages beyond
   * `after`, oldest first.
   *
   * @param after the cursor sent; `''` for the oldest message retained; `undefined` for the reader's own position
   */
  read(
    name: string,
    after: { readonly epoch: string; readonly offset: number } | '' | undefined,
    limit: number,
    now: number,
    bounds: MailboxBounds,
  ): MailboxRead {
    this.dropAged(now, bounds);
    const known = this.reader(name);
    const reset = typeof after === 'object' && (after.epoch !== this.epoch || after.offset > this.lastOffset);
    const from = reset || after === '' ? this.taken : (after?.offset ?? known?.cursor ?? this.taken);
    let droppedReader: Reader | undefined;
    if (known === undefined) {
      droppedReader = this.readers.length < bounds.maxReader ? undefined : this.#evictMostSilent();
      this.addReader(new Reader(name, from, now));
    } else {
      known.cursor = from;
      known.lastPoll = now;
    }
    this.#removeTaken(now, bounds);
    if (from === this.lastOffset) return { messages: noMessages, offset: from, lost: 0, reset, droppedReader };
    const { messages, offset, lost } = this.#collect(from, limit);
    return { messages, offset, lost, reset, droppedReader };
  }

  /** Moves the reader forward to `offset`, and removes what all live readers have passed. Never moves it back. */
  acknowledge(name: string, epoch: string, offset: number, now: number, bounds: MailboxBounds): void {
    const reader = this.reader(name);
    if (reader === undefined || epoch !== this.epoch || offset > this.lastOffset || offset <= reader.cursor) return;
    reader.cursor = offset;
    this.#removeTaken(now, bounds);
  }

  reader(name: string): Reader | undefined {
    return this.readers.find((reader) => reader.name === name);
  }

  /** Drops messages older than `messageTtl`. */
  dropAged(now: number, bounds: MailboxBounds): void {
    if (bounds.messageTtl === 0) return;
    const latest = now - bounds.messageTtl;
    for (let { oldest } = this; oldest !== undefined && oldest.at <= latest; { oldest } = this) this.#removeOldest();
    if (!this.agesMixed) return;
    for (const message of this.pushedUntil(latest)) this.#remove(message);
  }

  protected retain(message: Message): void {
    if (message.at < this.newestTime) this.agesMixed = true;
    this.bytes += message.bytes;
    this.addNewest(message);
  }

  protected addReader(reader: Reader): void {
    if (this.readers.length === 0) this.readers = [reader];
    else this.readers.push(reader);
  }

  /** The retained message that has the key of the new one. */
  #keyed({ key }: OutgoingMessage): Message | undefined {
    return key === undefined ? undefined : this.withKey(key);
  }

  #collect(from: number, limit: number): Pick<MailboxRead, 'messages' | 'offset' | 'lost'> {
    const { messages, areRest } = this.beyond(from, limit);
    const last = messages.at(-1);
    // A batch of all messages retained also covers the gone offsets after its last message.
    const offset = last === undefined || areRest ? this.lastOffset : last.offset;
    const replaced = this.replaced?.countWithin(from, offset) ?? 0;
    return { messages, offset, lost: offset - from - messages.length - replaced };
  }

  #fits(outgoing: OutgoingMessage, replacing: Message | undefined, bounds: MailboxBounds): boolean {
    const count = this.count - (replacing === undefined ? 0 : 1);
    const bytes = this.bytes - (replacing?.bytes ?? 0);
    return count < bounds.msgMaxLength && bytes + outgoing.bytes <= bounds.mailboxMaxBytes;
  }

  #accept(outgoing: OutgoingMessage, replacing: Message | undefined, now: number, dropped: number): MailboxAppend {
    if (replacing !== undefined) this.#replace(replacing);
    this.lastOffset += 1;
    const message = new Message(this.lastOffset, now, outgoing);
    this.retain(message);
    return { verdict: 'accepted', dropped, message };
  }

  #acceptByDropping(
    outgoing: OutgoingMessage,
    replacing: Message | undefined,
    now: number,
    bounds: MailboxBounds,
  ): MailboxAppend {
    if (replacing !== undefined) this.#replace(replacing);
    let removed = 0;
    while (this.count > 0 && !this.#fits(outgoing, undefined, bounds)) {
      this.#removeOldest();
      removed += 1;
    }
    return this.#accept(outgoing, undefined, now, removed);
  }

  #replace(message: Message): void {
    this.#remove(message);
    this.replaced ??= new OffsetRuns();
    this.replaced.add(message.offset);
  }

  #remove(message: Message): void {
    this.bytes -= message.bytes;
    this.remove(message);
  }

  #removeOldest(): void {
    const { oldest } = this;
    if (oldest === undefined) return;
    this.bytes -= oldest.bytes;
    this.removeOldest(oldest);
  }

  /** Removes the messages that all live readers have passed. While no reader is live, removes none. */
  #removeTaken(now: number, bounds: MailboxBounds): void {
    let passed = Number.POSITIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (const reader of this.readers) {
      lowest = Math.min(lowest, reader.cursor);
      if (reader.parked || now - reader.lastPoll < bounds.readerGrace) passed = Math.min(passed, reader.cursor);
    }
    if (!Number.isFinite(passed)) return;
    // Up to `taken` nothing is retained, and a look-up may be expensive in a subclass.
    if (passed > this.taken) {
      for (let { oldest } = this; oldest !== undefined && oldest.offset <= passed; { oldest } = this)
        this.#removeOldest();
      this.taken = passed;
    }
    // No known reader reads below the lowest cursor any more.
    this.replaced?.forgetUpTo(Math.min(lowest, this.taken));
  }

  /** Evicts the reader silent for longest. Parked readers are not silent: one is evicted only when all are parked. */
  #evictMostSilent(): Reader | undefined {
    let mostSilent: Reader | undefined;
    for (const reader of this.readers) {
      if (mostSilent === undefined || isMoreSilent(reader, mostSilent)) mostSilent = reader;
    }
    if (mostSilent !== undefined) this.readers.splice(this.readers.indexOf(mostSilent), 1);
    return mostSilent;
  }
}

function isMoreSilent(reader: Reader, other: Reader): boolean {
  return reader.parked === other.parked ? reader.lastPoll < other.lastPoll : other.parked;
}
