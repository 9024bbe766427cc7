import type { Tell } from './news.js';
import { type Batch, cursorAt, type Message, placeOf } from './wire.js';

/**
 * Number of taken messages whose copies are recognised. Copies of messages that are not taken are always recognised.
 */
const mostSeen = 2_000;
/** Number of taken messages that a `Place` names. */
const mostKept = 200;

interface Item {
  readonly message?: Message;
  readonly lost?: number;
  readonly reset?: boolean;
  /** Cursor of the application after it has taken this item. */
  cursor: string;
}

/** Listener of an inbox. The inbox reports each event before it gives the message that follows the event. */
export interface InboxListener {
  readonly tell: Tell;
  /** Called when the cursor of the application has moved. */
  onTaken(): void;
  /** Called when there may be a message to take. */
  onReceived(): void;
}

/** Position of an application in the mailbox, in a form that a tab can store. */
export interface Place {
  readonly cursor: string;
  /** Messages that the application has, as keys of `keyOf`. Default: none. */
  readonly seen?: readonly string[];
}

/**
 * Queue of messages between the server and the application. Gives each message once, even if the client receives it
 * twice: after a `reset` the server sends everything that it retains. Two messages with the same offset and time are
 * the same message.
 */
export class Inbox {
  /** Cursor up to which the application has all messages. Other classes only read it. */
  declare cursor: string;
  /**
   * Number of messages that the application has not taken, including the message in hand. Other classes only read it.
   */
  unread = 0;
  readonly #listener: InboxListener;
  readonly #queue: Item[] = [];
  #inHand: Item | undefined;
  #received: string;
  /**
   * Keys of received messages, in the order of receipt. The application has not yet taken the newest `unread` of them.
   */
  readonly #seen: Set<string>;

  constructor({ cursor, seen = [] }: Place, listener: InboxListener) {
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
   * Adds the messages of a batch. A batch that is older than the batches received before changes nothing.
   * @returns false for a batch of another life of the mailbox without `reset`: it was not meant for this client
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
    // The answer to an older request may count messages as lost that the client has received since that request.
    const most = reset || !this.#received ? lost : offset - before.offset - fresh.length;
    this.#received = cursor;
    const missed = Math.min(lost, most);
    if (reset || missed > 0) this.#queue.push({ lost: missed, reset, cursor: this.#last?.cursor ?? this.cursor });
    for (const message of fresh) {
      this.#seen.add(keyOf(message));
      this.unread += 1;
      this.#queue.push({ message, cursor: cursorAt(cursor, message) });
    }
    // The cursor of the batch may be beyond its last message. The application reaches it when it takes the last item.
    const last = this.#last;
    if (last) last.cursor = cursor;
    else this.#queue.push({ cursor });
    this.#forget();
    this.#advance();
    this.#listener.onReceived();
    return true;
  }

  /** Acknowledges the message that was given before, and returns the next message, if there is one. */
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

  /** Takes back the message that was given last, without an acknowledgement. The inbox will give it again. */
  putBack(): void {
    if (this.#inHand) this.#queue.unshift(this.#inHand);
    this.#inHand = undefined;
  }

  get #last(): Item | undefined {
    return this.#queue.at(-1) ?? this.#inHand;
  }

  /** Reports the events at the head of the queue, up to the next message. */
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
