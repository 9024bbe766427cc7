import { Connection, type ConnectionSetting, type ConnectionState, type Pause } from './connection.js';
import { Inbox } from './inbox.js';
import type { TabMemory } from './memory.js';
import type { Sign } from './surroundings.js';
import type { Closed, Message } from './wire.js';

/**
 * - `connecting`: asks the server, which has not answered yet.
 * - `open`: the server answers.
 * - `waiting`: pauses until it tries again.
 * - `away`: as `waiting`, and the device says that it has no network.
 * - `closed`: has ended for good.
 */
export type MailboxState = ConnectionState | 'closed';

/** What the listeners of each event get. */
export interface MailboxEvents {
  connecting: undefined;
  open: undefined;
  waiting: Pause;
  away: Pause;
  closed: Closed;
  /** So many messages before the next one were dropped by a bound of the mailbox. */
  lost: number;
  /** The mailbox has another life: the application may have messages that the server has forgotten. */
  reset: undefined;
}

type Listeners = { readonly [Event in keyof MailboxEvents]: Set<(payload: MailboxEvents[Event]) => void> };

/**
 * The messages of one session, each once and in order. To ask for the next message acknowledges the one before. A loop that
 * is left by `break` or by an error leaves its last message unacknowledged: the next loop gets it again.
 */
export class Mailbox<Data = unknown> implements AsyncIterable<Message<Data>> {
  readonly #memory: TabMemory;
  readonly #inbox: Inbox;
  readonly #connection: Connection;
  readonly #reader: string;
  readonly #listeners: Listeners = {
    connecting: new Set(),
    open: new Set(),
    waiting: new Set(),
    away: new Set(),
    closed: new Set(),
    lost: new Set(),
    reset: new Set(),
  };
  readonly #endListening: () => void;
  #state: MailboxState = 'connecting';
  #closed: Closed | undefined;
  #isIterated = false;
  /** Ends the wait of the loop for a message. */
  #wakeLoop = () => {};

  /** @param after the cursor to begin at, instead of the remembered one */
  constructor(setting: ConnectionSetting, memory: TabMemory, after: string | undefined) {
    this.#memory = memory;
    this.#reader = setting.reader;
    this.#inbox = new Inbox(after === undefined ? memory.place : { cursor: after, seen: [] }, {
      onLost: (count) => this.#tell('lost', count),
      onReset: () => this.#tell('reset', undefined),
      onTaken: () => this.#taken(),
      onReceived: () => this.#wakeLoop(),
    });
    this.#connection = new Connection(setting, this.#inbox, {
      onState: (state) => {
        this.#state = state;
        this.#tell(state, undefined);
      },
      onPause: (state, pause) => {
        this.#state = state;
        this.#tell(state, pause);
      },
      onEnd: (closed) => this.#end(closed),
    });
    this.#endListening = setting.surroundings.listen((sign) => this.#heed(sign));
  }

  get state(): MailboxState {
    return this.#state;
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
    if (this.#isIterated) throw new TypeError('One loop at a time');
    this.#isIterated = true;
    const iterator: AsyncIterableIterator<Message<Data>, undefined> = {
      next: () => this.#next(),
      return: async () => {
        this.#inbox.putBack();
        this.#isIterated = false;
        return { done: true, value: undefined };
      },
      [Symbol.asyncIterator]: () => iterator,
    };
    return iterator;
  }

  async #next(): Promise<IteratorResult<Message<Data>, undefined>> {
    for (;;) {
      const message = this.#inbox.take();
      // What a session got before its end is given. An application that closed its mailbox wants no more.
      if (message !== undefined && this.#closed?.code !== 'closed') {
        // Of what type the data is, the application says: it knows what its server pushes.
        return { done: false, value: message as Message<Data> };
      }
      if (this.#closed !== undefined) return { done: true, value: undefined };
      await new Promise<void>((resolve) => {
        this.#wakeLoop = resolve;
      });
    }
  }

  #taken(): void {
    if (this.#closed !== undefined) return;
    this.#memory.keepPlace(this.#inbox.place);
    this.#connection.taken();
  }

  #heed(sign: Sign): void {
    if (sign === 'leaving') this.#memory.yieldReader(this.#reader);
    else if (sign === 'back') this.#memory.claimReader();
    this.#connection.heed(sign);
  }

  #end(closed: Closed): void {
    if (this.#closed !== undefined) return;
    this.#closed = closed;
    this.#state = 'closed';
    this.#connection.stop();
    this.#endListening();
    if (closed.code === 'closed') this.#memory.yieldReader(this.#reader);
    // Of a session that lives on the place is of use.
    else if (closed.code !== 'superseded') this.#memory.keepPlace(null);
    this.#tell('closed', closed);
    this.#wakeLoop();
  }

  #tell<Event extends keyof MailboxEvents>(event: Event, payload: MailboxEvents[Event]): void {
    for (const listener of [...this.#listeners[event]]) {
      try {
        listener(payload);
      } catch (error) {
        // As an EventTarget does: reported, and of no harm to other listeners.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
