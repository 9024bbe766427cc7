import { strict as assert } from 'node:assert';
import type { ManualClock } from '../../src/conformance/manual-clock.js';
import type { Batch, StoreBinding } from '../../src/index.js';
import { offsetOf } from './http-client-ledger.js';

/** Milliseconds to wait for an answer from a store that sends it over a network. */
const patience = 10_000;

/** The store and the clock of a `PollWorld`. */
export interface PollStage {
  readonly clock: ManualClock;
  /** Binds the store at each start of the service. The store restores what the previous one kept. */
  readonly store: StoreBinding;
  /** Whether the time between a stop and the next start does not count as reader silence. */
  readonly forgivesDowntime: boolean;
  /** Number of nodes among which the polls alternate. Default 1. */
  readonly nodes?: number;
}

/** A held poll from the view of its client. */
export interface Pending {
  /** The offset after which the poll waits. */
  from: number;
  readonly deadline: number;
  readonly abort: AbortController;
  outcome: Batch | 'open' | 'aborted';
}

/** Waits for the answer to the poll. */
export async function answerTo(pending: Pending, complaint: string): Promise<Batch> {
  const giveUpAt = performance.now() + patience;
  while (pending.outcome === 'open' && performance.now() < giveUpAt)
    await new Promise((resolve) => setImmediate(resolve));
  assert.ok(typeof pending.outcome === 'object', complaint);
  return pending.outcome;
}

/** Returns the batch in the form of the reference mailbox. */
export function plain(batch: Batch): object {
  const messages = batch.messages.map(({ offset, at, data }) => ({ offset, at, data }));
  return { ...batch, messages, offset: offsetOf(batch.cursor) };
}

/** Returns the number of offsets that a batch covers if no message was replaced. */
export function span({ messages, lost }: { readonly messages: readonly unknown[]; readonly lost: number }): number {
  return messages.length + lost;
}
