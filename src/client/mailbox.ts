import { Connection, type ConnectionSetting } from './connection.js';
import { Inbox } from './inbox.js';
import type { MailboxEvents, MailboxState, Tell } from './news.js';
import type { Sign } from './surroundings.js';
import type { Closed, Message } from './wire.js';

/** By event; `on` and `#tell` give each listener the payload of its event. */
type Listeners = Record<string, Set<(payload: never) => void>>;

/**
 * The messages of one session, each once and in order. To ask for the next message acknowledges the one before. A loop that
 * is left by `break` or by an error leaves its last message unacknowledged: the next loop gets it again.
 */
export class Mailbox<Data = unknown> implements AsyncIterable<Message<Data>> {
  readonly #inbox: Inbox;
  readonly #connection: Connection;
  readonly #setting: ConnectionSetting;
  readonly #listeners: Listeners = {};
  readonly #endListening: () => void;
  #closed: Closed | undefined;
  /** Of the loop that runs. */
  #iterator: object | undefined;
  /** End the waits of the loop for a message: `next` may be called before the last one has given it. */
  readonly #waits: (() => void)[] = [];

  /** @param after the cursor to begin at, instead of the remembered one */
  constructor(setting: ConnectionSetting, after: string | undefined) {
    const { memory } = setting;
    this.#setting = setting;
    this.#inbox = new Inbox(after === undefined ? memory.place : { cursor: after, seen: [] }, {
      tell: this.#tell,
      onTaken: () => this.#taken(),
      onReceived: () => this.#wakeLoop(),
    });
    this.#connection = new Connection(setting, this.#inbox, this.#tell, (closed) => this.#end(closed));
    this.#endListening = setting.surroundings.listen((sign) => this.#heed(sign));
  }

  get state(): MailboxState {
    return this.#closed ? 'closed' : this.#connection.state;
  }

  /** Why the mailbox is closed; undefined while it is not. */
  get closed(): Closed | undefined {
    return this.#closed;
  }

  /** The application has everything up to here. Given as `after`, another client goes on from here. */
  get cursor(): string {
    return this.#inbox.cursor;
  }

  /** @returns removes the listener */
  on<Event extends keyof MailboxEvents>(event: Event, listener: (payload: MailboxEvents[Event]) => void): () => void {
    this.#listeners[event] ??= new Set();
    const listeners = this.#listeners[event];
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Ends the connection and the loop. What was not acknowledged stays in the mailbox. */
  close(): void {
    this.#end({ code: 'closed', reason: 'Closed', reconnect: true });
  }

  /** @throws TypeError while another loop runs: each would get a part of the messages */
  [Symbol.asyncIterator](): AsyncIterableIterator<Message<Data>, undefined> {
    if (this.#iterator) throw new TypeError('One loop at a time');
    const iterator: AsyncIterableIterator<Message<Data>, undefined> = {
      next: () => this.#next(iterator),
      return: () => {
        // A second time it would be another loop whose message goes back.
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
    // A loop may be left while it waits.
    while (this.#iterator === iterator) {
      const message = this.#inbox.take();
      // What a session got before its end is given. An application that closed its mailbox wants no more.
      if (message && this.#closed?.code !== 'closed') {
        // Of what type the data is, the application says: it knows what its server pushes.
        return { done: false, value: message as Message<Data> };
      }
      if (this.#closed) this.#iterator = undefined;
      else await new Promise<void>((resolve) => this.#waits.push(resolve));
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

  #end(closed: Closed): void {
    if (this.#closed) return;
    this.#closed = closed;
    this.#connection.stop();
    this.#endListening();
    if (closed.code === 'closed') this.#setting.memory.write('reader', this.#setting.reader);
    // Of a session that lives on the place is of use.
    else if (closed.code !== 'superseded') this.#setting.memory.write('place', null);
    this.#tell('closed', closed);
    this.#wakeLoop();
  }

  readonly #tell: Tell = (event, payload) => {
    for (const listener of [...(this.#listeners[event] ?? [])]) {
      try {
        listener(payload as never);
      } catch (error) {
        // As an EventTarget does: reported, and of no harm to other listeners.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
}
