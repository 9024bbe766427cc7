import { strict as assert } from 'node:assert';
import type { ManualClock } from '../../src/conformance/manual-clock.js';
import type { Batch, StoreBinding } from '../../src/index.js';
import { offsetOf } from './http-client-ledger.js';

/** How long an answer may be on its way from a store that sends it over a wire. */
const patience = 10_000;

/** Where the world lives: its store and its time. */
export interface PollStage {
  readonly clock: ManualClock;
  /** Binds the store, at each start of the service; it finds what the last one kept. */
  readonly store: StoreBinding;
  /** Whether the time between a stop and the next start is nobody's silence. */
  readonly forgivesDowntime: boolean;
  /** How many nodes there are, which are asked in turns. Default 1. */
  readonly nodes?: number;
}

/** A poll that is held, as its client sees it. */
export interface Pending {
  readonly from: number;
  readonly deadline: number;
  readonly abort: AbortController;
  outcome: Batch | 'open' | 'aborted';
}

/** What the client got, now or once it has arrived. */
export async function answerTo(pending: Pending, complaint: string): Promise<Batch> {
  const giveUpAt = performance.now() + patience;
  while (pending.outcome === 'open' && performance.now() < giveUpAt)
    await new Promise((resolve) => setImmediate(resolve));
  assert.ok(typeof pending.outcome === 'object', complaint);
  return pending.outcome;
}

/** A batch as the reference gives it. */
export function plain(batch: Batch): object {
  const messages = batch.messages.map(({ offset, at, data }) => ({ offset, at, data }));
  return { ...batch, messages, offset: offsetOf(batch.cursor) };
}

/** How many places a batch covers, when none of them was replaced. */
export function span({ messages, lost }: { readonly messages: readonly unknown[]; readonly lost: number }): number {
  return messages.length + lost;
}
