import { newEpoch } from '../../../mailbox/epoch.js';
import type { MessagesBeyond } from '../../../mailbox/mailbox-results.js';
import { MailboxRules } from '../../../mailbox/mailbox-rules.js';
import { Message } from '../../../mailbox/message.js';
import { OffsetRuns } from '../../../mailbox/offset-runs.js';
import { Reader } from '../../../mailbox/reader.js';
import type { History } from './history.js';
import type { MessageRows } from './message-rows.js';

/** Maximum number and total bytes of messages that are stored in the row of their session. */
const mostInRow = 16;
const mostBytesInRow = 1_024;

const noMessages: readonly Message[] = [];

type ReaderState = readonly [
  name: string,
  cursor: number,
  lastPoll: number,
  parkedUntil: number,
  node: string,
  ticket: number,
  proof: number,
  given: number,
  givenProof: number,
];
type MessageState = readonly [offset: number, at: number, bytes: number, key: string | null, json: string];

/** A mailbox as JSON in the row of its session. Later versions add new elements at the end. */
type MailboxRowState = readonly [
  epoch: string,
  tail: number,
  taken: number,
  count: number,
  bytes: number,
  agesMixed: 0 | 1,
  readers: readonly ReaderState[],
  replaced: readonly number[],
  /** `null` when the messages are rows of `message`. */
  messages: readonly MessageState[] | null,
  tailProof: number,
  takenProof: number,
  history: string,
];

/**
 * The mailbox of one session. Its state is written with the session's row, together with its messages while they are
 * few and small, so that most mailboxes need no other row. When the messages outgrow the row, all of them become rows
 * of `message`, until the mailbox is empty again.
 */
export class RowMailbox extends MailboxRules {
  readonly epoch: string;
  readonly #rows: MessageRows;
  readonly #session: number;
  readonly #history: History;
  /** The history in which the mailbox was read, and is written: its readers have not been notified of a later one. */
  readonly #tag: string;
  #count = 0;
  /**
   * The messages, oldest first; `undefined` while they are rows of `message`. Replaced, never changed: an array that
   * lives for long would keep its removed messages from the young-generation collections of V8.
   */
  #inRow: readonly Message[] | undefined = noMessages;

  /** @param session key of the session. @param state JSON from the session's row; `undefined` for a new mailbox */
  constructor(rows: MessageRows, history: History, session: number, state: string | undefined) {
    super();
    this.#rows = rows;
    this.#session = session;
    this.#history = history;
    if (state === undefined) {
      this.epoch = newEpoch();
      this.#tag = history.tag;
      return;
    }
    // The row's checksum proves that the JSON is what was written.
    const [
      epoch,
      tail,
      taken,
      count,
      bytes,
      agesMixed,
      readers,
      replaced,
      messages,
      tailProof,
      takenProof,
      tag,
    ]: MailboxRowState = JSON.parse(state);
    // A new epoch notifies the readers that messages which they have not received may be lost.
    this.epoch = history.isCurrent(tag) ? epoch : newEpoch();
    this.#tag = history.tag;
    this.lastOffset = tail;
    this.lastProof = tailProof;
    this.taken = taken;
    this.takenProof = takenProof;
    this.bytes = bytes;
    this.agesMixed = agesMixed === 1;
    this.#count = count;
    this.#inRow = messages?.map(([offset, at, size, key, json]) => {
      return new Message(offset, at, { json, bytes: size, key: key ?? undefined });
    });
    for (const each of readers) this.addReader(readerOf(each));
    if (replaced.length > 0) this.replaced = new OffsetRuns(replaced);
  }

  /** The JSON to write to the session's row. */
  get state(): string {
    const state: MailboxRowState = [
      this.epoch,
      this.lastOffset,
      this.taken,
      this.#count,
      this.bytes,
      this.agesMixed ? 1 : 0,
      this.readers.map(({ name, cursor, lastPoll, parkedUntil, node, ticket, proof, given, givenProof }) => {
        return [name, cursor, lastPoll, parkedUntil, node, ticket, proof, given, givenProof];
      }),
      this.replaced?.bounds ?? [],
      this.#inRow?.map(({ offset, at, bytes, key, json }) => [offset, at, bytes, key ?? null, json]) ?? null,
      this.lastProof,
      this.takenProof,
      this.#tag,
    ];
    return JSON.stringify(state);
  }

  /** Whether the history is still the one in which the mailbox was read. */
  get isOfHistory(): boolean {
    return this.#tag === this.#history.tag;
  }

  get retained(): number {
    return this.#count;
  }

  clear(): void {
    if (this.#inRow === undefined) this.#rows.deleteAll(this.#session);
    this.#inRow = noMessages;
    this.#count = 0;
    this.bytes = 0;
  }

  protected get count(): number {
    return this.#count;
  }

  protected get oldest(): Message | undefined {
    if (this.#inRow !== undefined) return this.#inRow[0];
    const [first] = this.#rows.beyond(this.#session, 0, 1);
    if (first === undefined && this.#count > 0) this.#recount([]);
    return first;
  }

  protected get newestTime(): number {
    if (this.#inRow !== undefined) return this.#inRow.at(-1)?.at ?? 0;
    return this.#rows.newestTime(this.#session);
  }

  protected withKey(key: string): Message | undefined {
    if (this.#inRow !== undefined) return this.#inRow.find((message) => message.key === key);
    return this.#rows.withKey(this.#session, key);
  }

  protected beyond(offset: number, limit: number): MessagesBeyond {
    const found =
      this.#inRow === undefined
        ? this.#rows.beyond(this.#session, offset, limit + 1)
        : this.#inRow.filter((message) => message.offset > offset);
    if (found.length > limit) return { messages: found.slice(0, limit), areRest: false };
    // No message up to `taken` is retained, so that `found` should have all messages.
    if (offset <= this.taken && found.length !== this.#count) this.#recount(found);
    return { messages: found, areRest: true };
  }

  /**
   * Counts the messages again. A damaged page can lack rows without an error of SQLite. The messages of missing rows,
   * and of damaged ones, are lost, and readers are notified of the loss. If these messages still counted, they would
   * take up room for ever, and a push that makes room would search for the oldest message endlessly.
   */
  #recount(found: readonly Message[]): void {
    this.#count = found.length;
    this.bytes = found.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#count === 0) this.#inRow = noMessages;
  }

  protected pushedUntil(time: number): readonly Message[] {
    if (this.#inRow === undefined) return this.#rows.pushedUntil(this.#session, time);
    return this.#inRow.filter(({ at }) => at <= time);
  }

  /** Adds a message, which `bytes` includes already. */
  protected addNewest(message: Message): void {
    this.#count += 1;
    if (this.#inRow === undefined) {
      this.#rows.add(this.#session, message);
      return;
    }
    // Not by a spread or `push`, which would make room for 16 more.
    this.#inRow = this.#inRow.concat([message]);
    if (this.#count <= mostInRow && this.bytes <= mostBytesInRow) return;
    // A damaged message may have been left when all others were gone.
    this.#rows.deleteAll(this.#session);
    for (const each of this.#inRow) this.#rows.add(this.#session, each);
    this.#inRow = undefined;
  }

  protected remove(message: Message): void {
    this.#count -= 1;
    if (this.#inRow === undefined) this.#rows.delete(this.#session, message.offset);
    if (this.#count === 0) this.#inRow = noMessages;
    else if (this.#inRow !== undefined) this.#inRow = this.#inRow.filter(({ offset }) => offset !== message.offset);
  }

  protected removeOldest(oldest: Message): void {
    this.remove(oldest);
  }
}

function readerOf([name, cursor, lastPoll, parkedUntil, node, ticket, proof, given, givenProof]: ReaderState): Reader {
  const reader = new Reader(name, cursor, proof, lastPoll);
  reader.give(given, givenProof);
  reader.parkedUntil = parkedUntil;
  reader.node = node;
  reader.ticket = ticket;
  return reader;
}
