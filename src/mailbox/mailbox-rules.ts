import type { Cursor } from './cursor.js';
import { close, dropped, full, type MailboxAppend, type MailboxBounds, type MailboxRead } from './mailbox-results.js';
import { Message, type OutgoingMessage } from './message.js';
import { MessageLog } from './message-log.js';
import { OffsetRuns } from './offset-runs.js';
import { evictMostSilent, givenToAll, Reader } from './reader.js';

const noMessages: readonly Message[] = [];
/** Shared by all mailboxes without readers. Never changed. */
const noReaders: never[] = [];

/**
 * The rules of a bounded log of messages with several readers. Subclasses store the messages.
 *
 * Every offset up to the tail is in exactly one state: retained, replaced (by a newer message with the same key), or
 * removed. A removed message beyond a reader's cursor is lost to that reader. Therefore `lost` is calculated, not
 * stored: the offsets passed, minus the messages delivered, minus the replaced messages. The result is exact for a
 * known reader, and never too small for a cursor that is older than the cursors of all known readers.
 *
 * A cursor is accepted only with a proof: the time at which the newest message was accepted when the cursor was given.
 * A store that lost its newest messages assigns their offsets again, and an offset alone would then stand for another
 * message. The newest message proves more than the message at the offset. A message beyond the offset may have replaced
 * a message before it: a store that lost the newer message then holds the older one, which this client was never given.
 * The mailbox knows the proofs of `taken`, of the latest two places of each reader, of the tail, and of all messages
 * retained. Each of them proves every cursor up to its place that was given while that message was the newest.
 * Therefore a reader that goes on from the batch that it was given is always recognised, even if bounds have dropped
 * the messages of the batch since then.
 *
 * Has no clock: the caller passes `now`, in milliseconds since the Unix epoch.
 */
export abstract class MailboxRules extends MessageLog {
  /** Messages up to this offset were removed because all live readers had them. A new reader starts here. */
  protected taken = 0;
  protected takenProof = 0;
  protected readers: Reader[] = noReaders;
  protected replaced: OffsetRuns | undefined;

  /** The known readers. The next operation may change this array. */
  get allReaders(): readonly Reader[] {
    return this.readers;
  }

  get isAnyParked(): boolean {
    for (const { parked } of this.readers) if (parked) return true;
    return false;
  }

  /** Appends one message according to the bounds and `onOverflow`. Replaces a retained message with the same key. */
  append(outgoing: OutgoingMessage, now: number, bounds: MailboxBounds): MailboxAppend {
    this.dropAged(now, bounds);
    let replacing = this.#keyed(outgoing);
    if (!this.#fits(outgoing, replacing, bounds)) {
      this.#removeTaken(now, bounds);
      this.#removeGiven(outgoing, now, bounds);
      // The message with the same key may have been removed, too.
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
        this.lastProof = now;
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
   * @param acknowledges whether the reader moves to `after`; false for a stream whose client has acknowledged less
   */
  read(
    name: string,
    after: Cursor | '' | undefined,
    limit: number,
    now: number,
    bounds: MailboxBounds,
    acknowledges = true,
  ): MailboxRead {
    this.dropAged(now, bounds);
    const known = this.reader(name);
    const reset = typeof after === 'object' && !this.#isProven(after, known);
    let from = this.taken;
    let proof = this.takenProof;
    if (typeof after === 'object') {
      if (!reset) {
        from = after.offset;
        proof = from === 0 ? 0 : after.proof;
      }
    } else if (after === undefined && known !== undefined) {
      from = known.cursor;
      proof = known.proof;
    }
    const reader = known ?? (acknowledges ? new Reader(name, from, proof, now) : this.#newReader(name, now));
    let droppedReader: Reader | undefined;
    if (known === undefined) {
      droppedReader = this.readers.length < bounds.maxReader ? undefined : evictMostSilent(this.readers);
      this.addReader(reader);
    } else {
      if (acknowledges || reset) known.moveTo(from, proof);
      known.lastPoll = now;
    }
    this.#removeTaken(now, bounds);
    if (from === this.lastOffset) {
      reader.give(from, proof);
      return { messages: noMessages, offset: from, proof, lost: 0, reset, droppedReader };
    }
    const { messages, offset, lost } = this.#collect(from, limit);
    reader.give(offset, this.lastProof);
    return { messages, offset, proof: this.lastProof, lost, reset, droppedReader };
  }

  /**
   * Moves the reader forward to the place, and removes the messages that all live readers have passed. Never moves the
   * reader back. Has no effect when the place can't be proved.
   */
  acknowledge(name: string, place: Cursor, now: number, bounds: MailboxBounds): void {
    const reader = this.reader(name);
    if (reader === undefined || place.offset <= reader.cursor || !this.#isProven(place, reader)) return;
    reader.moveTo(place.offset, place.proof);
    this.#removeTaken(now, bounds);
  }

  /** The reader of this name, if the mailbox knows it. */
  reader(name: string): Reader | undefined {
    return this.readers.find((reader) => reader.name === name);
  }

  protected addReader(reader: Reader): void {
    if (this.readers.length === 0) this.readers = [reader];
    else this.readers.push(reader);
  }

  /** Returns a reader that has acknowledged nothing, and therefore prevents the removal of all messages retained. */
  #newReader(name: string, now: number): Reader {
    return new Reader(name, this.taken, this.takenProof, now);
  }

  /** The retained message that has the key of the new one. */
  #keyed({ key }: OutgoingMessage): Message | undefined {
    return key === undefined ? undefined : this.withKey(key);
  }

  /**
   * Whether this mailbox gave the cursor: then its client has received what was retained up to the offset, or the
   * number of lost messages.
   *
   * @param asking the reader that sent the cursor; checked first, because nearly every reader sends its latest cursor
   */
  #isProven({ epoch, offset, proof }: Cursor, asking: Reader | undefined): boolean {
    if (epoch !== this.epoch || offset > this.lastOffset) return false;
    if (offset === 0 || proof === this.lastProof) return true;
    if (offset === this.lastOffset) return false;
    if (asking?.proves(offset, proof)) return true;
    if (offset <= this.taken && proof === this.takenProof) return true;
    for (const reader of this.readers) if (reader.proves(offset, proof)) return true;
    return this.beyond(offset - 1, this.count).messages.some(({ at }) => at === proof);
  }

  #collect(from: number, limit: number): Pick<MailboxRead, 'messages' | 'offset' | 'lost'> {
    const { messages, areRest } = this.beyond(from, limit);
    const last = messages.at(-1);
    // A batch of all messages retained also covers the removed offsets after its last message.
    const offset = last === undefined || areRest ? this.lastOffset : last.offset;
    const replaced = this.replaced?.countWithin(from, offset) ?? 0;
    const lost = offset - from - messages.length - replaced;
    return { messages, offset, lost };
  }

  #fits(outgoing: OutgoingMessage, replacing: Message | undefined, bounds: MailboxBounds): boolean {
    const count = this.count - (replacing === undefined ? 0 : 1);
    const bytes = this.bytes - (replacing?.bytes ?? 0);
    return count < bounds.msgMaxLength && bytes + outgoing.bytes <= bounds.mailboxMaxBytes;
  }

  #accept(outgoing: OutgoingMessage, replacing: Message | undefined, now: number, dropped: number): MailboxAppend {
    if (replacing !== undefined) this.#replace(replacing);
    this.lastOffset += 1;
    this.lastProof = now;
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
      this.dropOldest();
      removed += 1;
    }
    return this.#accept(outgoing, undefined, now, removed);
  }

  #replace(message: Message): void {
    this.drop(message);
    this.replaced ??= new OffsetRuns();
    this.replaced.add(message.offset);
  }

  /** Removes the messages that all live readers have passed. If no reader is live, removes nothing. */
  #removeTaken(now: number, bounds: MailboxBounds): void {
    let passed = Number.POSITIVE_INFINITY;
    let proof = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (const reader of this.readers) {
      lowest = Math.min(lowest, reader.cursor);
      if (reader.cursor < passed && (reader.parked || now - reader.lastPoll < bounds.readerGrace)) {
        passed = reader.cursor;
        proof = reader.proof;
      }
    }
    if (!Number.isFinite(passed)) return;
    // Up to `taken` nothing is retained, and a look-up may be expensive in a subclass.
    if (passed > this.taken) {
      for (let { oldest } = this; oldest !== undefined && oldest.offset <= passed; { oldest } = this) this.dropOldest();
      this.taken = passed;
      this.takenProof = proof;
    }
    // No known reader reads below the lowest cursor any more.
    this.replaced?.forgetUpTo(Math.min(lowest, this.taken));
  }

  /** Makes room: removes the oldest messages that all live readers were given, even if not acknowledged by streams. */
  #removeGiven(outgoing: OutgoingMessage, now: number, bounds: MailboxBounds): void {
    const given = givenToAll(this.readers, now, bounds.readerGrace);
    for (let { oldest } = this; oldest !== undefined && oldest.offset <= given; { oldest } = this) {
      if (this.#fits(outgoing, this.#keyed(outgoing), bounds)) return;
      this.dropOldest();
      this.taken = oldest.offset;
      this.takenProof = oldest.at;
    }
  }
}
