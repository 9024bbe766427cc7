import { Message, type OutgoingMessage } from './message.js';
import { OffsetRuns } from './offset-runs.js';
import type { SessionContext } from './session-context.js';
import { newEpoch } from './session-token.js';

/** One consumer of the mailbox and how far it has come. */
export interface Reader {
  readonly name: string;
  /** The reader has everything up to here. */
  cursor: number;
  lastPoll: number;
  /** A parked reader waits at the tail and never counts as silent. */
  parked: boolean;
}

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

export interface MailboxAppend {
  readonly verdict: AppendVerdict;
  /** Messages that the bounds dropped to make room, or the new one itself. */
  readonly dropped: number;
}

export interface MailboxRead {
  readonly messages: readonly Message[];
  /** Where the reader stands once it has this: the cursor to give it. */
  readonly offset: number;
  readonly lost: number;
  readonly reset: boolean;
  /** The reader that had to go for this one, if there were too many. */
  readonly droppedReader: Reader | undefined;
}

/** The fields of a context that bound a mailbox. */
export type MailboxBounds = Pick<
  SessionContext,
  'msgMaxLength' | 'mailboxMaxBytes' | 'messageTtl' | 'onOverflow' | 'maxReader' | 'readerGrace'
>;

/** Everything that a mailbox is, as plain data. */
export interface MailboxState {
  readonly epoch: string;
  readonly tail: number;
  readonly taken: number;
  readonly replaced: readonly number[];
  readonly messages: readonly Message[];
  readonly readers: readonly Readonly<Pick<Reader, 'name' | 'cursor'>>[];
}

const noMessages: readonly Message[] = [];
/** Shared by all mailboxes that have none, and so never added to. */
const noReaders: Reader[] = [];
const accepted: MailboxAppend = { verdict: 'accepted', dropped: 0 };
const full: MailboxAppend = { verdict: 'full', dropped: 0 };
const close: MailboxAppend = { verdict: 'close', dropped: 0 };

/**
 * A bounded log of messages with readers that each stand somewhere in it.
 *
 * Every offset up to the tail is in exactly one state: retained, replaced (a newer message with its key came), or gone.
 * What is gone beyond a reader's cursor was lost to it, so `lost` is never kept, but counted: all offsets passed, less
 * the messages given, less the replaced. That is exact for every known reader; for a cursor older than any known one
 * it is never too small.
 *
 * Knows neither sessions nor time: whoever owns it passes `now`.
 */
export class Mailbox {
  readonly epoch: string;
  #tail: number;
  /** Up to here messages left because every live reader had them. A fresh reader starts from it. */
  #taken: number;
  #bytes = 0;
  /** Whether an older message ever stood behind a younger one, as when a session took over another's. */
  #agesMixed = false;
  #messages: Message[] = [];
  #readers: Reader[] = noReaders;
  #byKey: Map<string, Message> | undefined;
  #replaced: OffsetRuns | undefined;

  constructor(state?: MailboxState, now = 0) {
    this.epoch = state?.epoch ?? newEpoch();
    this.#tail = state?.tail ?? 0;
    this.#taken = state?.taken ?? 0;
    for (const message of state?.messages ?? []) this.#retain(message);
    // Downtime is not silence of the reader's.
    for (const reader of state?.readers ?? []) this.#addReader({ ...reader, lastPoll: now, parked: false });
    if (state !== undefined && state.replaced.length > 0) this.#replaced = new OffsetRuns(state.replaced);
  }

  /** Offset of the newest message ever accepted. */
  get tail(): number {
    return this.#tail;
  }

  /** The retained messages, oldest first. Not to be kept: the next operation changes it. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  get newest(): Message | undefined {
    return this.#messages.at(-1);
  }

  get state(): MailboxState {
    const { epoch } = this;
    const replaced = this.#replaced?.bounds ?? [];
    const readers = this.#readers.map(({ name, cursor }) => ({ name, cursor }));
    return { epoch, tail: this.#tail, taken: this.#taken, replaced, messages: this.#messages, readers };
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
      this.#accept(outgoing, replacing, now);
      return accepted;
    }
    switch (bounds.onOverflow) {
      case 'reject':
        return full;
      case 'close':
        return close;
      case 'drop-newest':
        this.#tail += 1;
        return { verdict: 'dropped', dropped: 1 };
      case 'drop-oldest':
        return { verdict: 'accepted', dropped: this.#acceptByDropping(outgoing, replacing, now, bounds) };
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
    const known = this.#readers.find((reader) => reader.name === name);
    const reset = typeof after === 'object' && (after.epoch !== this.epoch || after.offset > this.#tail);
    const from = reset || after === '' ? this.#taken : (after?.offset ?? known?.cursor ?? this.#taken);
    let droppedReader: Reader | undefined;
    if (known === undefined) {
      droppedReader = this.#readers.length < bounds.maxReader ? undefined : this.#dropSilentest();
      this.#addReader({ name, cursor: from, lastPoll: now, parked: false });
    } else {
      known.cursor = from;
      known.lastPoll = now;
    }
    this.#removeTaken(now, bounds);
    if (from === this.#tail) return { messages: noMessages, offset: from, lost: 0, reset, droppedReader };
    const { messages, offset, lost } = this.#collect(from, limit);
    return { messages, offset, lost, reset, droppedReader };
  }

  /** The reader has everything up to `offset`, though it did not say so itself. Older news than known is ignored. */
  acknowledge(name: string, epoch: string, offset: number, now: number, bounds: MailboxBounds): void {
    const reader = this.#readers.find((each) => each.name === name);
    if (reader === undefined || epoch !== this.epoch || offset > this.#tail || offset <= reader.cursor) return;
    reader.cursor = offset;
    this.#removeTaken(now, bounds);
  }

  reader(name: string): Reader | undefined {
    return this.#readers.find((reader) => reader.name === name);
  }

  /** Every parked reader is being answered. */
  unparkAll(now: number): void {
    for (const reader of this.#readers) {
      if (!reader.parked) continue;
      reader.parked = false;
      reader.lastPoll = now;
    }
  }

  dropAged(now: number, bounds: MailboxBounds): void {
    if (bounds.messageTtl === 0) return;
    while (this.#messages[0] !== undefined && this.#messages[0].at + bounds.messageTtl <= now) this.#removeOldest();
    if (!this.#agesMixed) return;
    for (const message of this.#messages.filter(({ at }) => at + bounds.messageTtl <= now)) this.#remove(message);
  }

  #keyed({ key }: OutgoingMessage): Message | undefined {
    return key === undefined ? undefined : this.#byKey?.get(key);
  }

  #collect(from: number, limit: number): Pick<MailboxRead, 'messages' | 'offset' | 'lost'> {
    const start = this.#indexAfter(from);
    const messages = this.#messages.slice(start, start + limit);
    const last = messages.at(-1);
    // A batch that holds all the rest also accounts for what is gone behind its last message.
    const offset = last === undefined || start + messages.length === this.#messages.length ? this.#tail : last.offset;
    const replaced = this.#replaced?.countWithin(from, offset) ?? 0;
    return { messages, offset, lost: offset - from - messages.length - replaced };
  }

  /** Index of the first retained message beyond `offset`. */
  #indexAfter(offset: number): number {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#messages[middle]?.offset ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #fits(outgoing: OutgoingMessage, replacing: Message | undefined, bounds: MailboxBounds): boolean {
    const count = this.#messages.length - (replacing === undefined ? 0 : 1);
    const bytes = this.#bytes - (replacing?.bytes ?? 0);
    return count < bounds.msgMaxLength && bytes + outgoing.bytes <= bounds.mailboxMaxBytes;
  }

  #accept(outgoing: OutgoingMessage, replacing: Message | undefined, now: number): void {
    if (replacing !== undefined) this.#replace(replacing);
    this.#tail += 1;
    this.#retain(new Message(this.#tail, now, outgoing));
  }

  #acceptByDropping(
    outgoing: OutgoingMessage,
    replacing: Message | undefined,
    now: number,
    bounds: MailboxBounds,
  ): number {
    if (replacing !== undefined) this.#replace(replacing);
    let dropped = 0;
    while (this.#messages.length > 0 && !this.#fits(outgoing, undefined, bounds)) {
      this.#removeOldest();
      dropped += 1;
    }
    this.#accept(outgoing, undefined, now);
    return dropped;
  }

  #retain(message: Message): void {
    if (message.at < (this.newest?.at ?? 0)) this.#agesMixed = true;
    // An array that grows out of nothing takes room for seventeen; most mailboxes hold one message, or none.
    if (this.#messages.length === 0) this.#messages = [message];
    else this.#messages.push(message);
    this.#bytes += message.bytes;
    if (message.key === undefined) return;
    this.#byKey ??= new Map();
    this.#byKey.set(message.key, message);
  }

  #addReader(reader: Reader): void {
    if (this.#readers.length === 0) this.#readers = [reader];
    else this.#readers.push(reader);
  }

  #replace(message: Message): void {
    this.#remove(message);
    this.#replaced ??= new OffsetRuns();
    this.#replaced.add(message.offset);
  }

  #remove(message: Message): void {
    this.#messages.splice(this.#indexAfter(message.offset) - 1, 1);
    this.#forget(message);
  }

  #removeOldest(): void {
    const message = this.#messages.shift();
    if (message !== undefined) this.#forget(message);
  }

  #forget(message: Message): void {
    this.#bytes -= message.bytes;
    if (message.key !== undefined) this.#byKey?.delete(message.key);
  }

  /** Messages leave once every live reader has passed them. While no reader is live, they wait. */
  #removeTaken(now: number, bounds: MailboxBounds): void {
    let passed = Number.POSITIVE_INFINITY;
    let lowest = Number.POSITIVE_INFINITY;
    for (const reader of this.#readers) {
      lowest = Math.min(lowest, reader.cursor);
      if (reader.parked || now - reader.lastPoll < bounds.readerGrace) passed = Math.min(passed, reader.cursor);
    }
    if (!Number.isFinite(passed)) return;
    while (this.#messages[0] !== undefined && this.#messages[0].offset <= passed) this.#removeOldest();
    this.#taken = Math.max(this.#taken, passed);
    // No known reader will ask about places below the lowest cursor any more.
    this.#replaced?.forgetUpTo(Math.min(lowest, this.#taken));
  }

  /** A reader silent for long goes first; parked ones, which are not silent, only when nobody else is left. */
  #dropSilentest(): Reader | undefined {
    let silentest: Reader | undefined;
    for (const reader of this.#readers) {
      if (silentest === undefined || isMoreSilent(reader, silentest)) silentest = reader;
    }
    if (silentest !== undefined) this.#readers.splice(this.#readers.indexOf(silentest), 1);
    return silentest;
  }
}

function isMoreSilent(reader: Reader, other: Reader): boolean {
  return reader.parked === other.parked ? reader.lastPoll < other.lastPoll : other.parked;
}
