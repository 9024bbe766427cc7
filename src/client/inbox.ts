import type { Tell } from './news.js';
import { type Batch, cursorAt, type Message, placeOf } from './wire.js';

/** Received messages of which copies are recognised. */
const mostSeen = 2_000;
/** How many of them a `Place` names. */
const mostKept = 200;

interface Item {
  readonly message?: Message;
  readonly lost?: number;
  readonly reset?: boolean;
  /** What the client has once this item was taken. */
  cursor: string;
}

/** What an inbox tells. Called in the order of the messages, before the message that follows. */
export interface InboxListener {
  readonly tell: Tell;
  /** The place of the application has moved. */
  onTaken(): void;
  /** There may be a message to take. */
  onReceived(): void;
}

/** Where an application stands, in a form that outlives it. */
export interface Place {
  readonly cursor: string;
  /** Messages that the application has, as in `keyOf`. */
  readonly seen: readonly string[];
}

/**
 * Messages on their way from the server to the application. Gives each message once, whatever is received twice: after a
 * `reset` the server sends everything that it retains, and a message with the same offset and time is the same message.
 */
export class Inbox {
  /** The application has everything up to here. For others to read. */
  declare cursor: string;
  /** How many messages the application has not taken, the one in its hands included. For others to read. */
  unread = 0;
  readonly #listener: InboxListener;
  readonly #queue: Item[] = [];
  #inHand: Item | undefined;
  #received: string;
  /** In the order in which they were received. The newest `unread` of them are not taken yet. */
  readonly #seen: Set<string>;

  constructor({ cursor, seen }: Place, listener: InboxListener) {
    this.cursor = cursor;
    this.#received = cursor;
    this.#seen = new Set(seen);
    this.#listener = listener;
  }

  get place(): Place {
    const taken = this.#seen.size - this.unread;
    return { cursor: this.cursor, seen: [...this.#seen].slice(0, taken).slice(-mostKept) };
  }

  /**
   * An answer that is older than what was received changes nothing.
   * @returns false for one of another life of the mailbox that does not say so: it was not meant for this client
   */
  receive({ messages, cursor, lost, reset = false }: Batch): boolean {
    const before = placeOf(this.#received);
    const { epoch, offset } = placeOf(cursor);
    if (!reset && this.#received) {
      if (epoch !== before.epoch) return false;
      if (offset <= before.offset) return true;
    }
    const fresh = messages.filter((message) => !this.#seen.has(keyOf(message)));
    if (cursor === this.#received && fresh.length === 0) return true;
    // An answer to an older request may count as lost what came meanwhile.
    const most = reset || !this.#received ? lost : offset - before.offset - fresh.length;
    this.#received = cursor;
    const missed = Math.min(lost, most);
    if (reset || missed > 0) this.#queue.push({ lost: missed, reset, cursor: this.#last?.cursor ?? this.cursor });
    for (const message of fresh) {
      this.#seen.add(keyOf(message));
      this.unread += 1;
      this.#queue.push({ message, cursor: cursorAt(cursor, message) });
    }
    // What reaches further than its last message is taken with that message.
    const last = this.#last;
    if (last) last.cursor = cursor;
    else this.#queue.push({ cursor });
    this.#forget();
    this.#advance();
    this.#listener.onReceived();
    return true;
  }

  /** Acknowledges the message that was given before, and gives the next one that is here. */
  take(): Message | undefined {
    const before = this.#inHand;
    if (before) {
      this.#inHand = undefined;
      this.unread -= 1;
      this.#moveTo(before.cursor);
    }
    this.#advance();
    this.#inHand = this.#queue.shift();
    return this.#inHand?.message;
  }

  /** The message that was given last is not acknowledged, and will be given again. */
  putBack(): void {
    if (this.#inHand) this.#queue.unshift(this.#inHand);
    this.#inHand = undefined;
  }

  get #last(): Item | undefined {
    return this.#queue.at(-1) ?? this.#inHand;
  }

  /** What comes before the next message is told as soon as no message before it is left. */
  #advance(): void {
    if (this.#inHand) return;
    for (let [first] = this.#queue; first && !first.message; [first] = this.#queue) {
      this.#queue.shift();
      if (first.reset) this.#listener.tell('reset', undefined);
      if (first.lost) this.#listener.tell('lost', first.lost);
      if (first.cursor !== this.cursor) this.#moveTo(first.cursor);
    }
  }

  #moveTo(cursor: string): void {
    this.cursor = cursor;
    this.#listener.onTaken();
  }

  #forget(): void {
    for (const key of this.#seen) {
      if (this.#seen.size <= mostSeen + this.unread) return;
      this.#seen.delete(key);
    }
  }
}

function keyOf({ offset, at }: Message): string {
  return `${offset}.${at}`;
}
