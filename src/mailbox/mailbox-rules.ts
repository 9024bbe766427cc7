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
 * gone. A gone message beyond a reader's cursor is lost to that reader. So `lost` is not stored, but calculated: the
 * offsets passed, minus the messages delivered, minus the replaced ones. This is exact for a known reader, and never too
 * small for a cursor older than those of all known readers.
 *
 * A cursor is accepted only with a proof: when the message was accepted that was the newest as the cursor was given. A store
 * that lost its newest messages gives their offsets again, and an offset alone would then stand for another message. The
 * newest message proves more than the one at the offset does: a message before the offset may have been replaced by one
 * beyond it, so a store that forgot the newer one holds an older one which this client was never given. Proofs are known of
 * `taken`, of each reader's latest two places, of the tail, and of all messages retained. Each proves every cursor up to its
 * place that was given while that message was the newest. So a reader that goes on from the batch that it was given is always
 * recognised, also when bounds dropped that batch meanwhile.
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

  /** Appends one message by the bounds and `onOverflow`. A retained message with its key is replaced. */
  append(outgoing: OutgoingMessage, now: number, bounds: MailboxBounds): MailboxAppend {
    this.dropAged(now, bounds);
    let replacing = this.#keyed(outgoing);
    if (!this.#fits(outgoing, replacing, bounds)) {
      this.#removeTaken(now, bounds);
      this.#removeGiven(outgoing, now, bounds);
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
   * @param acknowledges whether the reader moves to `after`; a stream that goes on from there has acknowledged less
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
   * Moves the reader forward to the place, and removes what all live readers have passed. Never moves it back. No effect
   * when the place can't be proved.
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

  /** Keeps all messages retained from being removed. */
  #newReader(name: string, now: number): Reader {
    return new Reader(name, this.taken, this.takenProof, now);
  }

  /** The retained message that has the key of the new one. */
  #keyed({ key }: OutgoingMessage): Message | undefined {
    return key === undefined ? undefined : this.withKey(key);
  }

  /**
   * Whether the cursor was given by this mailbox, so that its client has what was retained up to that offset, or was told.
   *
   * @param asking looked at first, because nearly every reader goes on from where it was left
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
    // A batch of all messages retained also covers the gone offsets after its last message.
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

  /** Removes the messages that all live readers have passed. While no reader is live, removes none. */
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

  /** Makes room by what all live readers were given, although streams have not acknowledged it: the oldest first. */
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
