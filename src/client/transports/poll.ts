import { Refusal, readAnswer } from '../refusal.js';
import {
  addressOf,
  deadlineOf,
  type Exchange,
  type Exchanger,
  patience,
  request,
  type Transport,
} from '../transport.js';
import { type Batch, isBatch } from '../wire.js';

/** Milliseconds that a poll is held at most; the server may hold it for less. */
const longestHold = 25_000;
const shortestHold = 1_000;
/** Answers of a proxy that has lost its patience with the server. */
const cutStatuses: readonly number[] = [408, 502, 504];

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
      const isCut = !(error instanceof Refusal) || cutStatuses.includes(error.status);
      if (isCut && !exchange.signal.aborted) length.cutAfter(elapsed());
      throw error;
    }
  };
};

/** @throws Refusal for any answer but a batch, and what `fetch` throws */
export async function pollOnce(exchange: Exchange, wait: number): Promise<Batch> {
  const { signal, expect, end } = deadlineOf(exchange);
  expect(wait + patience);
  try {
    return await readAnswer(
      await request(exchange, addressOf(exchange, 'poll', { wait: `${wait}` }), { signal }),
      isBatch,
    );
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
    if (before === 0 || Math.abs(time - before) > before / 5) return;
    this.current = Math.round(Math.max(shortestHold, Math.min(this.current, time, before) * 0.8));
    this.#cutAfter = 0;
  }
}
