import { readAnswer } from '../refusal.js';
import {
  addressOf,
  type Exchange,
  type Exchanger,
  inTime,
  longestSilence,
  patience,
  request,
  type Transport,
} from '../transport.js';
import { type Batch, isBatch } from '../wire.js';

/** Maximum milliseconds for which the client asks the server to hold a poll. The server may hold it for less. */
const longestHold = 25_000;
const shortestHold = 1_000;
/**
 * Factor by which each hold that was answered makes the next one longer. After two cuts the client asks for 80 % of the
 * time, so it takes 223 holds until it finds the limit again: a proxy cuts at most 1 % of the polls.
 */
const growth = 1.001;
/** Statuses with which a proxy ends a poll that takes it too long. `undefined` is for an error without an answer. */
const cutStatuses: readonly unknown[] = [undefined, 408, 502, 504];

/** Reads the mailbox by long polls. */
export const poll: Transport = (): Exchanger => {
  const length = new HoldLength();
  return async (exchange) => {
    // Ask for no hold before an answer has shown that the server is reachable: a held poll looks like a dead
    // connection.
    const wait = exchange.isOpen ? Math.round(length.current) : 0;
    const startedAt = exchange.clock.now();
    const elapsed = () => exchange.clock.now() - startedAt;
    try {
      const batch = await pollOnce(exchange, wait);
      if (batch.messages.length === 0) length.heldFor(elapsed());
      exchange.deliver(batch);
    } catch (error) {
      // A poll for which no hold was asked, or that is overdue, was not cut: the server can't be reached.
      if (cutStatuses.includes(Object(error).status) && !exchange.signal.aborted)
        length.cutAfter(Math.min(elapsed(), wait));
      throw error;
    }
  };
};

/** @throws Refusal for any answer that is not a batch, and the errors of `fetch` */
export const pollOnce = (exchange: Exchange, wait: number): Promise<Batch> =>
  inTime(exchange, wait + patience, async (signal, expect) => {
    const response = await request(exchange, addressOf(exchange, 'poll', { wait: `${wait}` }), { signal });
    // The answer has begun to arrive, and may be long.
    expect(longestSilence);
    return readAnswer(response, isBatch);
  });

/**
 * Milliseconds for which the client asks the server to hold a poll. Proxies end connections that are silent for longer
 * than they allow. If two consecutive polls break after about the same time, a proxy probably has such a limit. A
 * restart of the server breaks only one poll.
 */
export class HoldLength {
  current = longestHold;
  #cutAfter = 0;

  /** Records that a poll was answered without messages after `time` milliseconds. */
  heldFor(time: number): void {
    if (time >= this.#cutAfter) this.#cutAfter = 0;
    if (time >= shortestHold) this.current = Math.min(longestHold, this.current * growth);
  }

  cutAfter(time: number): void {
    // A poll that fails almost immediately shows nothing about the limit of holds.
    if (time < shortestHold) return;
    const before = this.#cutAfter;
    this.#cutAfter = time;
    if (Math.abs(time - before) > before / 5) return;
    this.current = Math.max(shortestHold, Math.min(this.current, time, before) * 0.8);
    this.#cutAfter = 0;
  }
}
