import { readAnswer } from '../refusal.js';
import {
  addressOf,
  deadlineOf,
  type Exchange,
  type Exchanger,
  longestSilence,
  patience,
  request,
  type Transport,
} from '../transport.js';
import { type Batch, isBatch } from '../wire.js';

/** Milliseconds that a poll is held at most; the server may hold it for less. */
const longestHold = 25_000;
const shortestHold = 1_000;
/** Answers of a proxy that has lost its patience with the server; an error that is no answer has no status. */
const cutStatuses: readonly unknown[] = [undefined, 408, 502, 504];

/** Reads the mailbox by long polls. */
export const poll: Transport = (): Exchanger => {
  const length = new HoldLength();
  return async (exchange) => {
    // Until an answer has shown that the server is there, don't wait: a held poll can't be told from a dead connection.
    const wait = exchange.isOpen ? length.current : 0;
    const startedAt = exchange.clock.now();
    const elapsed = () => exchange.clock.now() - startedAt;
    try {
      const batch = await pollOnce(exchange, wait);
      if (batch.messages.length === 0) length.heldFor(elapsed());
      exchange.deliver(batch);
    } catch (error) {
      if (cutStatuses.includes(Object(error).status) && !exchange.signal.aborted) length.cutAfter(elapsed());
      throw error;
    }
  };
};

/** @throws Refusal for any answer but a batch, and what `fetch` throws */
export async function pollOnce(exchange: Exchange, wait: number): Promise<Batch> {
  const { signal, expect, end } = deadlineOf(exchange);
  expect(wait + patience);
  try {
    const response = await request(exchange, addressOf(exchange, 'poll', { wait: `${wait}` }), { signal });
    // What has begun to come may be long.
    expect(longestSilence);
    return await readAnswer(response, isBatch);
  } finally {
    end();
  }
}

/**
 * How long to ask a server to hold a poll. Proxies end connections that are silent for longer than they allow. Two polls
 * in a row that break after about the same time show such a bound; a server that restarts breaks one.
 */
export class HoldLength {
  current = longestHold;
  #cutAfter = 0;

  /** A poll was answered without messages after that time. */
  heldFor(time: number): void {
    if (time >= this.#cutAfter) this.#cutAfter = 0;
  }

  cutAfter(time: number): void {
    // Whatever fails at once says nothing about the length of holds.
    if (time < shortestHold) return;
    const before = this.#cutAfter;
    this.#cutAfter = time;
    if (Math.abs(time - before) > before / 5) return;
    this.current = Math.round(Math.max(shortestHold, Math.min(this.current, time, before) * 0.8));
    this.#cutAfter = 0;
  }
}
