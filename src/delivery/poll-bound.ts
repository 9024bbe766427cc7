import type { Batch } from './batch.js';
import type { PollReceiver } from './poll-request.js';
import type { Waiter } from './waiter.js';

/** Up to this size, an answer is written to the operating system immediately and need not be counted. */
const largeBytes = 16_384;

/**
 * Limits the number of polls of one session that this node serves at a time: polls that are read or held, and large
 * answers that are not written out yet. Each of them may cost a copy of the mailbox. Without the limit, a client that
 * does not read its answers could cause any number of copies.
 */
export class PollBound {
  readonly #most: number;
  /** Large answers that are being written, by session id. */
  readonly #unwritten = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Whether one more poll may be served. A poll whose secret is not proven counts only against polls with the same
   * secret: ids are public, and a client that knows only the id must not be able to use up the session's polls.
   *
   * @param waiters the session's polls that have no answer yet
   * @param secretHash the secret's hash of the new poll, if it must still be proven
   */
  hasRoomFor(id: string, waiters: readonly Waiter[], secretHash: string | undefined): boolean {
    const unwritten = this.#unwritten.size === 0 ? 0 : (this.#unwritten.get(id) ?? 0);
    if (waiters.length + unwritten < this.#most) return true;
    const counted = waiters.filter((each) => each.secretHash === undefined || each.secretHash === secretHash);
    return counted.length + unwritten < this.#most;
  }

  /**
   * Counts the answer until it was written out or its client has disconnected. Call it before the receiver has it.
   */
  count(id: string, batch: Batch, receiver: PollReceiver): void {
    if (receiver.onceClosed === undefined || !isLarge(batch)) return;
    this.#unwritten.set(id, (this.#unwritten.get(id) ?? 0) + 1);
    receiver.onceClosed(() => {
      const left = (this.#unwritten.get(id) ?? 1) - 1;
      if (left === 0) this.#unwritten.delete(id);
      else this.#unwritten.set(id, left);
    });
  }
}

function isLarge({ messages }: Batch): boolean {
  let bytes = 0;
  for (const message of messages) {
    bytes += message.bytes;
    if (bytes > largeBytes) return true;
  }
  return false;
}
