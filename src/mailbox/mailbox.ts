import { newEpoch } from './epoch.js';
import type { MessagesBeyond } from './mailbox-results.js';
import { MailboxRules } from './mailbox-rules.js';
import type { Message } from './message.js';
import { OffsetRuns } from './offset-runs.js';
import { Reader } from './reader.js';

export type { AppendVerdict, MailboxAppend, MailboxBounds, MailboxRead } from './mailbox-results.js';

/** Shared by all mailboxes without messages. Never changed. */
const noMessages: never[] = [];

/** The complete state of a mailbox, as plain data. */
export interface MailboxSnapshot {
  readonly epoch: string;
  readonly tail: number;
  /** Proof of the tail: when its message was accepted. `takenProof` is the proof of `taken`. */
  readonly tailProof: number;
  readonly takenProof: number;
  /** Messages up to this offset were removed because all live readers had them. */
  readonly taken: number;
  /** The offsets of replaced messages, as the bounds of `OffsetRuns`. */
  readonly replaced: readonly number[];
  readonly messages: readonly Message[];
  readonly readers: readonly Readonly<Pick<Reader, 'name' | 'cursor' | 'proof' | 'given' | 'givenProof'>>[];
}

/** A mailbox that keeps its messages in memory. */
export class Mailbox extends MailboxRules {
  readonly epoch: string;
  #messages: Message[] = noMessages;
  #byKey: Map<string, Message> | undefined;

  constructor(state?: MailboxSnapshot, now = 0) {
    super();
    this.epoch = state?.epoch ?? newEpoch();
    this.lastOffset = state?.tail ?? 0;
    this.lastProof = state?.tailProof ?? 0;
    this.taken = state?.taken ?? 0;
    this.takenProof = state?.takenProof ?? 0;
    for (const message of state?.messages ?? []) this.retain(message);
    // The time during which the server was down does not count as silence of a reader.
    for (const { name, cursor, proof, given, givenProof } of state?.readers ?? []) {
      const reader = new Reader(name, cursor, proof, now);
      reader.give(given, givenProof);
      this.addReader(reader);
    }
    if (state !== undefined && state.replaced.length > 0) this.replaced = new OffsetRuns(state.replaced);
  }

  override get messages(): readonly Message[] {
    return this.#messages;
  }

  get state(): MailboxSnapshot {
    const { epoch } = this;
    const replaced = this.replaced?.bounds ?? [];
    const readers = this.readers.map(({ name, cursor, proof, given, givenProof }) => {
      return { name, cursor, proof, given, givenProof };
    });
    return {
      epoch,
      tail: this.lastOffset,
      tailProof: this.lastProof,
      taken: this.taken,
      takenProof: this.takenProof,
      replaced,
      messages: this.#messages,
      readers,
    };
  }

  clear(): void {
    this.#messages = noMessages;
    this.#byKey = undefined;
    this.bytes = 0;
  }

  protected get count(): number {
    return this.#messages.length;
  }

  protected get oldest(): Message | undefined {
    return this.#messages[0];
  }

  protected get newestTime(): number {
    return this.#messages.at(-1)?.agesFrom ?? 0;
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
    return this.#messages.filter(({ agesFrom }) => agesFrom <= time);
  }

  protected addNewest(message: Message): void {
    // V8 would grow an empty array to a capacity of 17 on the first push; most mailboxes hold one message, or none.
    if (this.#messages.length === 0) this.#messages = [message];
    else this.#messages.push(message);
    if (message.key === undefined) return;
    this.#byKey ??= new Map();
    this.#byKey.set(message.key, message);
  }

  protected remove(message: Message): void {
    if (this.#messages.length === 1) this.#messages = noMessages;
    else this.#messages.splice(this.#indexAfter(message.offset) - 1, 1);
    this.#forget(message);
  }

  protected removeOldest(oldest: Message): void {
    if (this.#messages.length === 1) this.#messages = noMessages;
    else this.#messages.shift();
    this.#forget(oldest);
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

  #forget({ key }: Message): void {
    if (key !== undefined) this.#byKey?.delete(key);
  }
}
