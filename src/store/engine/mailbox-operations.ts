import { sessionClosed } from '../../errors/session-error.js';
import type { Cursor } from '../../mailbox/cursor.js';
import type { MailboxBounds } from '../../mailbox/mailbox-results.js';
import type { MailboxRules } from '../../mailbox/mailbox-rules.js';
import type { Message, OutgoingMessage } from '../../mailbox/message.js';
import type { Reader } from '../../mailbox/reader.js';
import type { AppendOutcome, ReadRequest, ReadResult } from '../session-store.js';
import { nodesParkedAt, type SessionRules } from './session-rules.js';
import type { SessionEntry } from './tables.js';

/** Milliseconds after the wait of a reader at which its park ends if its node failed to release the reader. */
const parkSlack = 1_000;

/** The operations on mailboxes. `MailboxRules` contains what a mailbox itself does with messages and readers. */
export class MailboxOperations {
  readonly #rules: SessionRules;
  readonly #dropOldest: MailboxBounds;

  constructor(rules: SessionRules) {
    this.#rules = rules;
    const { msgMaxLength, mailboxMaxBytes, messageTtl, maxReader, readerGrace } = rules.context;
    this.#dropOldest = { msgMaxLength, mailboxMaxBytes, messageTtl, maxReader, readerGrace, onOverflow: 'drop-oldest' };
  }

  append(app: string, id: string, message: OutgoingMessage, now: number): AppendOutcome {
    return this.#append(this.#rules.live(app, id, now), message, now);
  }

  appendToAccount(app: string, accountId: string, message: OutgoingMessage, now: number): readonly AppendOutcome[] {
    return this.#rules.liveOfAccount(app, accountId, now).map((entry) => this.#append(entry, message, now));
  }

  appendToEach(app: string, ids: readonly string[], message: OutgoingMessage, now: number): readonly AppendOutcome[] {
    const outcomes: AppendOutcome[] = [];
    for (const id of ids) {
      const entry = this.#rules.findLive(app, id, now);
      if (entry !== undefined) outcomes.push(this.#append(entry, message, now));
    }
    return outcomes;
  }

  read(app: string, id: string, request: ReadRequest, now: number): ReadResult {
    const { secretHash, reader: name, after, limit, wait } = request;
    const { context } = this.#rules;
    const entry =
      secretHash === undefined ? this.#rules.live(app, id, now) : this.#rules.proven(app, id, secretHash, now);
    // Check in the step that returns the messages. Otherwise a poll of the old token could read after a rotation.
    if (request.generation !== undefined && request.generation < entry.generation) throw sessionClosed('rotated');
    const mailbox = entry.mailbox ?? entry.createMailbox();
    if (request.goesOn && typeof after === 'object' && this.#isTakenOver(mailbox, name))
      return supersededRead(entry, after);
    const { messages, offset, proof, lost, reset, droppedReader } = mailbox.read(
      name,
      after,
      limit,
      now,
      context,
      request.goesOn !== true,
    );
    if (droppedReader !== undefined) this.#dropPark(entry, droppedReader, now);
    const parks = wait > 0 && messages.length === 0 && lost === 0 && !reset;
    const reader = mailbox.reader(name);
    if (reader !== undefined) this.#setPark(entry, reader, parks ? now + Math.ceil(wait) : 0, request.ticket, now);
    const cameOnline = this.#rules.contact(entry, now);
    if (context.pollRenews && !entry.isParked) this.#rules.activity(entry, now);
    entry.save();
    const { accountId, generation } = entry;
    const { epoch } = mailbox;
    return {
      accountId,
      generation,
      epoch,
      offset,
      proof,
      messages,
      lost,
      reset,
      parked: parks,
      cameOnline,
      droppedReader: droppedReader?.name,
    };
  }

  acknowledge(app: string, id: string, reader: string, place: Cursor, now: number): void {
    const entry = this.#rules.findLive(app, id, now);
    if (entry !== undefined) this.#acknowledge(entry, reader, place, now);
  }

  acknowledgeAsBearer(app: string, id: string, secretHash: string, reader: string, place: Cursor, now: number): void {
    this.#acknowledge(this.#rules.proven(app, id, secretHash, now), reader, place, now);
  }

  release(app: string, id: string, name: string, now: number): void {
    const entry = this.#rules.findLive(app, id, now);
    if (entry?.isParked !== true) return;
    const reader = entry.mailbox?.reader(name);
    // If another node has parked the reader since, only that node may release it.
    if (reader === undefined || !reader.parked || reader.node !== this.#rules.node) return;
    this.#rules.unpark(entry, reader, now);
    entry.save();
  }

  /** Ends the polls, streams and sockets that the session's tokens have opened so far. Does not save the entry. */
  endGeneration(entry: SessionEntry, now: number): void {
    entry.generation += 1;
    const { app, id, mailbox, generation } = entry;
    if (mailbox === undefined || !entry.isParked) return;
    for (const node of this.#wake(entry, mailbox, now)) this.#rules.notices.rotated(node, app, id, generation);
  }

  /**
   * Moves the messages of the old session in front of the messages of the new session, under a new epoch. Saves none.
   * @returns the number of messages that did not fit
   */
  takeOver(entry: SessionEntry, old: SessionEntry, now: number): number {
    const { context, notices } = this.#rules;
    old.mailbox?.dropAged(now, context);
    entry.mailbox?.dropAged(now, context);
    const older = [...(old.mailbox?.messages ?? [])];
    old.mailbox?.clear();
    if (older.length === 0) return 0;
    const { app, id, mailbox } = entry;
    const own = [...(mailbox?.messages ?? [])];
    const woken = mailbox === undefined ? [] : this.#wake(entry, mailbox, now);
    mailbox?.clear();
    const merged = entry.createMailbox();
    let left = 0;
    for (const message of [...older, ...own])
      left += merged.append(message, message.agesFrom, this.#dropOldest).dropped;
    for (const node of woken) notices.changed(node, app, id);
    return left;
  }

  #acknowledge(entry: SessionEntry, reader: string, place: Cursor, now: number): void {
    if (entry.mailbox === undefined) return;
    entry.mailbox.acknowledge(reader, place, now, this.#rules.context);
    entry.save();
  }

  #append(entry: SessionEntry, outgoing: OutgoingMessage, now: number): AppendOutcome {
    const { app, id, accountId } = entry;
    const { context } = this.#rules;
    const mailbox = entry.mailbox ?? entry.createMailbox();
    const before = mailbox.tailProof;
    const { verdict, dropped, message } = mailbox.append(outgoing, now, context);
    if (verdict === 'close') {
      const { undelivered } = this.#rules.close(entry, 'overflow', now);
      return { app, id, accountId, verdict, dropped, undelivered };
    }
    if (verdict !== 'full' && entry.isParked) this.#notifyParked(entry, mailbox, message, before, now);
    entry.save();
    return { app, id, accountId, verdict, dropped, undelivered: 0 };
  }

  /**
   * @param message `undefined` if the message was dropped at once: the readers must read to learn what is lost
   * @param before the proof of the message before
   */
  #notifyParked(
    entry: SessionEntry,
    mailbox: MailboxRules,
    message: Message | undefined,
    before: number,
    now: number,
  ): void {
    const { app, id } = entry;
    const { notices } = this.#rules;
    // The notice answers the polls of the parked readers without another read.
    if (message !== undefined) {
      for (const reader of mailbox.allReaders) if (reader.parked) reader.give(message.offset, message.at);
    }
    for (const node of this.#wake(entry, mailbox, now)) {
      if (message === undefined) notices.changed(node, app, id);
      else notices.appended(node, app, id, mailbox.epoch, message, before);
    }
  }

  /** @param until 0 for a read that does not wait */
  #setPark(entry: SessionEntry, reader: Reader, until: number, ticket: number, now: number): void {
    const { node, isShared } = this.#rules;
    if (reader.node !== node) this.#notifySuperseded(entry, reader);
    // Set the node even if the read does not park: a stream that goes on at another node then sees that it was
    // superseded.
    reader.node = node;
    if (until === 0) {
      if (reader.parked) this.#rules.unpark(entry, reader, now);
      return;
    }
    reader.parkedUntil = isShared ? until + parkSlack : Number.POSITIVE_INFINITY;
    reader.ticket = ticket;
  }

  /** Whether another node was the last to read for the reader. */
  #isTakenOver(mailbox: MailboxRules, name: string): boolean {
    const reader = mailbox.reader(name);
    return reader !== undefined && reader.node !== '' && reader.node !== this.#rules.node;
  }

  /** Ends the park of a reader that was evicted for another reader. */
  #dropPark(entry: SessionEntry, reader: Reader, now: number): void {
    if (!reader.parked) return;
    if (reader.node !== this.#rules.node) this.#notifySuperseded(entry, reader);
    this.#rules.unpark(entry, reader, now);
  }

  #notifySuperseded({ app, id }: SessionEntry, { parked, node, name, ticket }: Reader): void {
    if (parked) this.#rules.notices.superseded(node, app, id, name, ticket);
  }

  /** Ends the parks of all readers of the mailbox. @returns the nodes to notify */
  #wake(entry: SessionEntry, mailbox: MailboxRules, now: number): readonly string[] {
    const nodes = nodesParkedAt(mailbox);
    for (const reader of mailbox.allReaders) if (reader.parked) this.#rules.unpark(entry, reader, now);
    return nodes;
  }
}

function supersededRead({ accountId, generation }: SessionEntry, { epoch, offset, proof }: Cursor): ReadResult {
  const nothing = { messages: [], lost: 0, reset: false, parked: false, cameOnline: false, droppedReader: undefined };
  return { accountId, generation, epoch, offset, proof, ...nothing, superseded: true };
}
