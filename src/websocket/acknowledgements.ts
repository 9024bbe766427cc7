import { type Cursor, parseCursor } from '../mailbox/cursor.js';

/**
 * Passes the acknowledgements of one client to the store, one at a time. While the store has one, the furthest of the
 * others waits: it covers them. Otherwise each message of a client that sends faster than the store works would stay in
 * memory until its turn.
 */
export class Acknowledgements {
  readonly #send: (cursor: string) => Promise<void>;
  #waiting: { readonly cursor: string; readonly place: Cursor } | undefined;
  #isSending = false;

  /** @param send must not reject */
  constructor(send: (cursor: string) => Promise<void>) {
    this.#send = send;
  }

  /** @throws SessionError `INVALID_ARGUMENT` */
  add(cursor: string): void {
    const place = parseCursor(cursor, 'cursor');
    const waiting = this.#waiting?.place;
    // The client may have done its work in another order than that of the messages.
    if (waiting?.epoch === place.epoch && waiting.offset > place.offset) return;
    this.#waiting = { cursor, place };
    if (!this.#isSending) void this.#sendAll();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    for (let next = this.#waiting; next !== undefined; next = this.#waiting) {
      this.#waiting = undefined;
      await this.#send(next.cursor);
    }
    this.#isSending = false;
  }
}
