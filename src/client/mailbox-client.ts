import { ClientConnection, type ConnectionSetting } from './connection.js';
import { Inbox } from './inbox.js';
import type { MailboxEvents, MailboxState, Tell } from './news.js';
import type { Sign } from './surroundings.js';
import type { ClosedNotice, Message } from './wire.js';

/** Listeners by event. `on` and `#tell` ensure that each listener gets the payload of its event. */
type Listeners = Record<string, Set<(payload: never) => void>>;

/**
 * One reader of a session's mailbox: iterates over its messages, each once and in order. A loop that asks for the next
 * message acknowledges the message before it. If a loop is left by `break` or by an error, its last message is not
 * acknowledged, and the next loop gets it again.
 */
export class MailboxClient<Data = unknown> implements AsyncIterable<Message<Data>> {
  readonly #inbox: Inbox;
  readonly #connection: ClientConnection;
  readonly #setting: ConnectionSetting;
  readonly #listeners: Listeners = {};
  readonly #endListening: () => void;
  #closed: ClosedNotice | undefined;
  /** Iterator of the running loop. */
  #iterator: object | undefined;
  /**
   * Functions that end the loop's waits for a message. `next` may be called again before its previous call has
   * resolved.
   */
  readonly #waits: (() => void)[] = [];

  /** @param after the cursor to begin at, instead of the cursor in the tab's memory */
  constructor(setting: ConnectionSetting, after: string | undefined) {
    const { memory } = setting;
    this.#setting = setting;
    this.#inbox = new Inbox(after === undefined ? memory.place : { cursor: after }, {
      tell: this.#tell,
      onTaken: () => this.#taken(),
      onReceived: () => this.#wakeLoop(),
    });
    this.#connection = new ClientConnection(setting, this.#inbox, this.#tell, (closed) => this.#end(closed));
    this.#endListening = setting.surroundings.listen((sign) => this.#heed(sign));
  }

  get state(): MailboxState {
    return this.#closed ? 'closed' : this.#connection.state;
  }

  /** The reason why the client has ended; undefined if it has not ended. */
  get closed(): ClosedNotice | undefined {
    return this.#closed;
  }

  /**
   * Cursor up to which the application has all messages. With this cursor as `after`, another client continues from
   * here.
   */
  get cursor(): string {
    return this.#inbox.cursor;
  }

  /** @returns a function that removes the listener */
  on<Event extends keyof MailboxEvents>(event: Event, listener: (payload: MailboxEvents[Event]) => void): () => void {
    this.#listeners[event] ??= new Set();
    const listeners = this.#listeners[event];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Ends the connection and the loop. Unacknowledged messages stay in the mailbox. */
  close(): void {
    this.#end({ code: 'closed', reason: 'Closed', reconnect: true });
  }

  /** @throws TypeError while another loop runs: each loop would get only a part of the messages */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message<Data>, undefined> {
    if (this.#iterator) throw new TypeError('One loop at a time');
    const iterator: AsyncIterableIterator<Message<Data>, undefined> = {
      next: () => this.#next(iterator),
      return: () => {
        // Only in the first call: later the message in hand would belong to another loop.
        if (this.#iterator === iterator) {
          this.#inbox.putBack();
          this.#iterator = undefined;
          this.#wakeLoop();
        }
        return this.#next(iterator);
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    this.#iterator = iterator;
    return iterator;
  }

  async #next(iterator: object): Promise<IteratorResult<Message<Data>, undefined>> {
    // The loop may be left while it waits.
    while (this.#iterator === iterator) {
      const message = this.#inbox.take();
      // Give the messages that arrived before the session ended. An application that closed the client wants no more.
      if (message && this.#closed?.code !== 'closed') {
        // The application declares the type of the data, because it knows what its server pushes.
        return { done: false, value: message as Message<Data> };
      }
      if (this.#closed) {
        // A message that was not given must not be acknowledged by another loop.
        this.#inbox.putBack();
        this.#iterator = undefined;
      } else await new Promise<void>((resolve) => this.#waits.push(resolve));
    }
    return { done: true, value: undefined };
  }

  #wakeLoop(): void {
    for (const end of this.#waits.splice(0)) end();
  }

  #taken(): void {
    if (this.#closed) return;
    this.#setting.memory.write('place', this.#inbox.place);
    this.#connection.taken();
  }

  #heed(sign: Sign): void {
    if (sign === 'leaving') this.#setting.memory.write('reader', this.#setting.reader);
    else if (sign === 'back') this.#setting.memory.claimReader();
    this.#connection.heed(sign);
  }

  #end(closed: ClosedNotice): void {
    if (this.#closed) return;
    this.#closed = closed;
    this.#connection.stop();
    this.#endListening();
    if (closed.code === 'closed') this.#setting.memory.write('reader', this.#setting.reader);
    // If the session has ended, forget the place. A superseded client's session is still live.
    else if (closed.code !== 'superseded') this.#setting.memory.write('place', null);
    this.#tell('closed', closed);
    this.#wakeLoop();
  }

  readonly #tell: Tell = (event, payload) => {
    for (const listener of [...(this.#listeners[event] ?? [])]) {
      try {
        listener(payload as never);
      } catch (error) {
        // Like EventTarget: report the exception, and still call the other listeners.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
}
