import { MailboxRules, type MessagesBeyond } from '../../../mailbox/mailbox-rules.js';
import { Message } from '../../../mailbox/message.js';
import { OffsetRuns } from '../../../mailbox/offset-runs.js';
import { Reader } from '../../../mailbox/reader.js';
import type { MailboxRow, MessageRow, ReaderRow } from './rows.js';
import { beyondAll, keysWith, numberLength, numberText, type Tables } from './tables.js';

/** Of so many offsets each is looked up. */
const fewer = 4;

/** A mailbox whose messages are rows of their own. Its state is written with its session's. */
export class TableMailbox extends MailboxRules {
  readonly epoch: string;
  readonly #tables: Tables;
  readonly #prefix: string;
  #count = 0;
  /** No message that is retained lies before it. */
  #firstOffset = 0;
  #newestTime = 0;
  /** How many of the messages have a key. */
  #keyed = 0;

  /** @param name of the session, as in all tables */
  constructor(tables: Tables, name: string, state: MailboxRow | string) {
    super();
    this.#tables = tables;
    this.#prefix = `${name}:`;
    if (typeof state === 'string') {
      this.epoch = state;
      return;
    }
    this.epoch = state[0];
    this.lastOffset = state[1];
    this.taken = state[2];
    this.#count = state[3];
    this.bytes = state[4];
    this.#firstOffset = state[5];
    this.#newestTime = state[6];
    this.agesMixed = state[7] === 1;
    this.#keyed = state[8];
    for (const row of state[9]) this.addReader(readerOf(row));
    if (state[10].length > 0) this.replaced = new OffsetRuns(state[10]);
  }

  get row(): MailboxRow {
    return [
      this.epoch,
      this.lastOffset,
      this.taken,
      this.#count,
      this.bytes,
      this.#firstOffset,
      this.#newestTime,
      this.agesMixed ? 1 : 0,
      this.#keyed,
      this.readers.map(({ name, cursor, lastPoll, parkedUntil, node, ticket }) => {
        return [name, cursor, lastPoll, parkedUntil, node, ticket];
      }),
      this.replaced?.bounds ?? [],
    ];
  }

  override get messages(): readonly Message[] {
    return this.beyond(0, this.#count).messages;
  }

  /** Lets go of all messages and of what is known of them. */
  clear(): void {
    if (this.#count > 0) {
      for (const key of keysWith(this.#tables.messages, this.#prefix, this.#count)) this.#tables.messages.remove(key);
    }
    if (this.#keyed > 0) {
      for (const key of keysWith(this.#tables.keyed, this.#prefix, this.#keyed)) this.#tables.keyed.remove(key);
    }
    this.#count = 0;
    this.#keyed = 0;
    this.bytes = 0;
  }

  protected get count(): number {
    return this.#count;
  }

  protected get oldest(): Message | undefined {
    if (this.#count === 0) return undefined;
    const first = this.#at(this.#firstOffset) ?? this.#range(this.#firstOffset, 1)[0];
    if (first !== undefined) this.#firstOffset = first.offset;
    return first;
  }

  protected get newestTime(): number {
    return this.#count === 0 ? 0 : this.#newestTime;
  }

  protected withKey(key: string): Message | undefined {
    if (this.#keyed === 0) return undefined;
    const offset = this.#tables.keyed.get(this.#prefix + key);
    return offset === undefined ? undefined : this.#at(offset);
  }

  protected beyond(offset: number, limit: number): MessagesBeyond {
    if (this.#count === 0 || offset >= this.lastOffset) return { messages: [], areRest: true };
    const messages = this.#range(offset + 1, limit + 1);
    return { messages: messages.slice(0, limit), areRest: messages.length <= limit };
  }

  protected pushedUntil(time: number): readonly Message[] {
    return this.#count === 0 ? [] : this.#range(0, this.#count).filter(({ at }) => at <= time);
  }

  protected addNewest(message: Message): void {
    const { offset, at, bytes, key, json } = message;
    if (this.#count === 0) this.#firstOffset = offset;
    this.#count += 1;
    this.#newestTime = at;
    this.#tables.messages.put(this.#keyOf(offset), [at, bytes, key ?? null, json]);
    if (key === undefined) return;
    this.#keyed += 1;
    this.#tables.keyed.put(this.#prefix + key, offset);
  }

  protected remove(message: Message): void {
    this.#count -= 1;
    this.#tables.messages.remove(this.#keyOf(message.offset));
    if (message.key === undefined) return;
    this.#keyed -= 1;
    this.#tables.keyed.remove(this.#prefix + message.key);
  }

  protected removeOldest(oldest: Message): void {
    this.remove(oldest);
    this.#firstOffset = oldest.offset + 1;
  }

  #keyOf(offset: number): string {
    return this.#prefix + numberText(offset);
  }

  #at(offset: number): Message | undefined {
    const row = this.#tables.messages.get(this.#keyOf(offset));
    return row === undefined ? undefined : messageOf(offset, row);
  }

  #range(from: number, limit: number): Message[] {
    const messages: Message[] = [];
    if (this.lastOffset - from < fewer) {
      // To walk costs as much as to look up several.
      for (let offset = Math.max(from, 1); offset <= this.lastOffset && messages.length < limit; offset += 1) {
        const message = this.#at(offset);
        if (message !== undefined) messages.push(message);
      }
      return messages;
    }
    const range = { start: this.#keyOf(from), end: this.#prefix + beyondAll, limit };
    for (const { key, value } of this.#tables.messages.getRange(range)) {
      messages.push(messageOf(Number.parseInt(key.slice(-numberLength), 36), value));
    }
    return messages;
  }
}

function messageOf(offset: number, [at, bytes, key, json]: MessageRow): Message {
  return new Message(offset, at, { json, bytes, key: key ?? undefined });
}

function readerOf([name, cursor, lastPoll, parkedUntil, node, ticket]: ReaderRow): Reader {
  const reader = new Reader(name, cursor, lastPoll);
  reader.parkedUntil = parkedUntil;
  reader.node = node;
  reader.ticket = ticket;
  return reader;
}
