import { newEpoch } from './epoch.js';
import { MailboxRules, type MessagesBeyond, type Reader } from './mailbox-rules.js';
import type { Message } from './message.js';
import { OffsetRuns } from './offset-runs.js';

export type { AppendVerdict, MailboxAppend, MailboxBounds, MailboxRead, Reader } from './mailbox-rules.js';

/** The complete state of a mailbox, as plain data. */
export interface MailboxState {
  readonly epoch: string;
  readonly tail: number;
  /** Messages up to this offset were removed because all live readers had them. */
  readonly taken: number;
  /** The offsets of replaced messages, as the bounds of `OffsetRuns`. */
  readonly replaced: readonly number[];
  readonly messages: readonly Message[];
  readonly readers: readonly Readonly<Pick<Reader, 'name' | 'cursor'>>[];
}

interface MemoryReader extends Reader {
  parked: boolean;
}

/** A mailbox that keeps its messages in memory. */
export class Mailbox extends MailboxRules<MemoryReader> {
  readonly epoch: string;
  #messages: Message[] = [];
  #byKey: Map<string, Message> | undefined;

  constructor(state?: MailboxState, now = 0) {
    super();
    this.epoch = state?.epoch ?? newEpoch();
    this.lastOffset = state?.tail ?? 0;
    this.taken = state?.taken ?? 0;
    for (const message of state?.messages ?? []) this.retain(message);
    // Time during which the server was down does not count as reader silence.
    for (const { name, cursor } of state?.readers ?? []) this.addReader(this.newReader(name, cursor, now));
    if (state !== undefined && state.replaced.length > 0) this.replaced = new OffsetRuns(state.replaced);
  }

  /** The messages retained, oldest first. The next operation changes this array. */
  get messages(): readonly Message[] {
    return this.#messages;
  }

  get state(): MailboxState {
    const { epoch } = this;
    const replaced = this.replaced?.bounds ?? [];
    const readers = this.readers.map(({ name, cursor }) => ({ name, cursor }));
    return { epoch, tail: this.lastOffset, taken: this.taken, replaced, messages: this.#messages, readers };
  }

  /** Ends the parking of all readers, because their polls are answered or read again. */
  unparkAll(now: number): void {
    for (const reader of this.readers) {
      if (!reader.parked) continue;
      reader.parked = false;
      reader.lastPoll = now;
    }
  }

  protected get count(): number {
    return this.#messages.length;
  }

  protected get oldest(): Message | undefined {
    return this.#messages[0];
  }

  protected get newestTime(): number {
    return this.#messages.at(-1)?.at ?? 0;
  }

  protected withKey(key: string): Message | undefined {
    return this.#byKey?.get(key);
  }

  protected beyond(offset: number, limit: number): MessagesBeyond {
    const start = this.#indexAfter(offset);
    const messages = this.#messages.slice(start, start + limit);
    return { messages, areRest: start + messages.length === this.#messages.length };
  }

  protected pushedUntil(time: number): readonly Message[] {
    return this.#messages.filter(({ at }) => at <= time);
  }

  protected addNewest(message: Message): void {
    // V8 grows an empty array to a capacity of 17 on the first push. Most mailboxes hold at most one message.
    if (this.#messages.length === 0) this.#messages = [message];
    else this.#messages.push(message);
    if (message.key === undefined) return;
    this.#byKey ??= new Map();
    this.#byKey.set(message.key, message);
  }

  protected remove(message: Message): void {
    this.#messages.splice(this.#indexAfter(message.offset) - 1, 1);
    this.#forget(message);
  }

  protected removeOldest(oldest: Message): void {
    this.#messages.shift();
    this.#forget(oldest);
  }

  protected newReader(name: string, cursor: number, now: number): MemoryReader {
    return { name, cursor, lastPoll: now, parked: false };
  }

  /** The index of the first message beyond `offset`. */
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

  #forget({ key }: Message): void {
    if (key !== undefined) this.#byKey?.delete(key);
  }
}
