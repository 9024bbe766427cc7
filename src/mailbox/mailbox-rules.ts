import { Message, type OutgoingMessage } from './message.js';
import { OffsetRuns } from './offset-runs.js';
import { Reader } from './reader.js';

/** What became of an appended message. */
export type AppendVerdict =
  /** It took the next offset. */
  | 'accepted'
  /** It took the next offset and was dropped at once: readers will find it among the lost. */
  | 'dropped'
  /** Refused; nothing has changed. */
  | 'full'
  /** Refused, and the session is to be closed. */
  | 'close';

/**
 * The result of an append. `message` is the new message in its place, when the mailbox retains it. `dropped` counts the
 * messages that the bounds removed to make room, or the new one itself.
 */
export type MailboxAppend =
  | { readonly verdict: 'accepted'; readonly dropped: number; readonly message: Message }
  | { readonly verdict: Exclude<AppendVerdict, 'accepted'>; readonly dropped: number; readonly message: undefined };

export interface MailboxRead {
  readonly messages: readonly Message[];
  /** Where the reader stands once it has this: the cursor to give it. */
  readonly offset: number;
  readonly lost: number;
  readonly reset: boolean;
  /** The reader evicted to make room for this one. */
  readonly droppedReader: Reader | undefined;
}

/** The bounds of a mailbox. A `SessionContext` has them; see its fields for their meaning. Times are in milliseconds. */
export interface MailboxBounds {
  readonly msgMaxLength: number;
  readonly mailboxMaxBytes: number;
  readonly messageTtl: number;
  readonly onOverflow: 'drop-oldest' | 'drop-newest' | 'reject' | 'close';
  readonly maxReader: number;
  readonly readerGrace: number;
}

const noMessages: readonly Message[] = [];
/** Shared by all mailboxes that have none, and so never added to. */
const noReaders: never[] = [];
const dropped: MailboxAppend = { verdict: 'dropped', dropped: 1, message: undefined };
const full: MailboxAppend = { verdict: 'full', dropped: 0, message: undefined };
const close: MailboxAppend = { verdict: 'close', dropped: 0, message: undefined };

/** What a mailbox holds beyond an offset. */
export interface MessagesBeyond {
  readonly messages: readonly Message[];
  /** Whether no message retained lies beyond these. */
  readonly areRest: boolean;
}

/**
 * The rules of a bounded log of messages with readers that each stand somewhere in it, wherever the messages lie.
 *
 * Every offset up to the tail is in exactly one state: retained, replaced (a newer message with its key came), or gone.
 * What is gone beyond a reader's cursor was lost to it, so `lost` is never kept, but counted: all offsets passed, less
 * the messages given, less the replaced. That is exact for every known reader; for a cursor older than any known one
 * it is never too small.
 *
 * Knows neither sessions nor time: whoever owns it passes `now`.
 */
export abstract class MailboxRules {
  abstract readonly epoch: string;
  protected lastOffset = 0;
  /** Up to here messages left because every live reader had them. A fresh reader starts from it. */
  protected taken = 0;
  protected bytes = 0;
  /** Whether an older message ever stood behind a younger one, as when a session took over another's. */
  protected agesMixed = false;
  protected readers: Reader[] = noReaders;
  protected replaced: OffsetRuns | undefined;

  /** How many messages are retained. */
  protected abstract get count(): number;
  protected abstract get oldest(): Message | undefined;
  /** When the newest message retained was pushed; 0 if there is none. */
  protected abstract get newestTime(): number;
  /** The retained message with this key. */
  protected abstract withKey(key: string): Message | undefined;
  protected abstract beyond(offset: number, limit: number): MessagesBeyond;
  protected abstract pushedUntil(time: number): readonly Message[];
  protected abstract addNewest(message: Message): void;
  protected abstract remove(message: Message): void;
  protected abstract removeOldest(oldest: Message): void;

  /** Deletes all messages and forgets what is known of them; the readers stay known. */
  abstract clear(): void;

  /** Offset of the newest message ever accepted. */
  get tail(): number {
    return this.lastOffset;
  }

  /** The readers known here. Not to be kept: the next operation may change the list. */
  get allReaders(): readonly Reader[] {
    return this.readers;
  }

  get isAnyParked(): boolean {
    for (const { parked } of this.readers) if (parked) return true;
    return false;
  }

  /** How many messages are retained that are not older than `messageTtl` (0 for no limit). Changes nothing. */
  countFresh(now: number, messageTtl: number): number {
    const { oldest } = this;
    if (messageTtl === 0 || oldest === undefined) return this.count;
    if (!this.agesMixed && oldest.at + messageTtl > now) return this.count;
    return this.count - this.pushedUntil(now - messageTtl).length;
  }

  /** The retained messages, oldest first. Not to be kept: the next operation may change the list. */
  get messages(): readonly Message[] {
    return this.beyond(0, this.count).messages;
  }

  append(outgoing: OutgoingMessage, now: number, bounds: MailboxBounds): MailboxAppend {
    this.dropAged(now, bounds);
    let replacing = this.#keyed(outgoing);
    if (!this.#fits(outgoing, replacing, bounds)) {
      this.#removeTaken(now, bounds);
      // The one with its key may have been taken, too.
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
   * What the reader has not had yet, oldest first. Moves the reader to where it says it stands, and lets go of what
   * every live reader has passed.
   *
   * @param after the cursor sent; `''` for the oldest retained; `undefined` for where this mailbox knows the reader
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
      droppedReader = this.readers.length < bounds.maxReader ? undefined : this.#dropSilentest();
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

  /** The reader has everything up to `offset`, though it did not say so itself. Older news than known is ignored. */
  acknowledge(name: string, epoch: string, offset: number, now: number, bounds: MailboxBounds): void {
    const reader = this.reader(name);
    if (reader === undefined || epoch !== this.epoch || offset > this.lastOffset || offset <= reader.cursor) return;
    reader.cursor = offset;
    this.#removeTaken(now, bounds);
  }

  reader(name: string): Reader | undefined {
    return this.readers.find((reader) => reader.name === name);
  }

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

  #keyed({ key }: OutgoingMessage): Message | undefined {
    return key === undefined ? undefined : this.withKey(key);
  }

  #collect(from: number, limit: number): Pick<MailboxRead, 'messages' | 'offset' | 'lost'> {
    const { messages, areRest } = this.beyond(from, limit);
    const last = messages.at(-1);
    // A batch that holds all the rest also accounts for what is gone behind its last message.
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

  /** Messages leave once every live reader has passed them. While no reader is live, they wait. */
  #removeTaken(now: number, bounds: MailboxBounds): void {
    let passed = Number.POSITIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (const reader of this.readers) {
      lowest = Math.min(lowest, reader.cursor);
      if (reader.parked || now - reader.lastPoll < bounds.readerGrace) passed = Math.min(passed, reader.cursor);
    }
    if (!Number.isFinite(passed)) return;
    // Below what was taken nothing is left, and to look there might cost something.
    if (passed > this.taken) {
      for (let { oldest } = this; oldest !== undefined && oldest.offset <= passed; { oldest } = this)
        this.#removeOldest();
      this.taken = passed;
    }
    // No known reader will ask about places below the lowest cursor any more.
    this.replaced?.forgetUpTo(Math.min(lowest, this.taken));
  }

  /** A reader silent for long goes first; parked ones, which are not silent, only when nobody else is left. */
  #dropSilentest(): Reader | undefined {
    let silentest: Reader | undefined;
    for (const reader of this.readers) {
      if (silentest === undefined || isMoreSilent(reader, silentest)) silentest = reader;
    }
    if (silentest !== undefined) this.readers.splice(this.readers.indexOf(silentest), 1);
    return silentest;
  }
}

function isMoreSilent(reader: Reader, other: Reader): boolean {
  return reader.parked === other.parked ? reader.lastPoll < other.lastPoll : other.parked;
}
