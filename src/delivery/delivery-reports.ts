import { diagnostics } from '../measures/diagnostics.js';
import type { DeliveryWay, Ending } from '../measures/kinds.js';
import type { NodeMeasures } from '../measures/node-measures.js';
import type { Clock } from '../time/clock.js';
import type { Batch } from './batch.js';
import type { Waiter } from './waiter.js';

/**
 * Counts the deliveries and the endings of the waiters of this node, and publishes them in `node:diagnostics_channel`.
 */
export class DeliveryReports {
  readonly #measures: NodeMeasures;
  readonly #clock: Clock;

  constructor(measures: NodeMeasures, clock: Clock) {
    this.#measures = measures;
    this.#clock = clock;
  }

  arrived(waiter: Waiter): void {
    this.#measures.arrived.add(waiter.transport);
  }

  given(waiter: Waiter, batch: Batch, way: DeliveryWay): void {
    const { messages, lost, reset = false } = batch;
    if (messages.length === 0 && lost === 0 && !reset) return;
    const measures = this.#measures;
    const now = this.#clock.now();
    let bytes = 0;
    for (const message of messages) {
      bytes += message.bytes;
      // The store may have a separate clock, which may be ahead.
      measures.deliveryLatency.observe(way, Math.max(0, now - message.at) / 1000);
    }
    measures.delivered.add(waiter.transport, messages.length);
    measures.deliveredBytes.add(waiter.transport, bytes);
    measures.lost += lost;
    if (reset) measures.resets += 1;
    if (!diagnostics.delivery.isHeard) return;
    const latency = Math.max(0, now - (messages[0]?.at ?? now));
    const { app, id, reader, transport } = waiter;
    const count = messages.length;
    diagnostics.delivery.publish({ app, id, reader, transport, way, messages: count, bytes, lost, reset, latency });
  }

  ended(waiter: Waiter, ending: Ending): void {
    const { app, id, transport } = waiter;
    const tally = transport === 'stream' ? this.#measures.endedStreams : this.#measures.endedPolls;
    tally.add(ending);
    if (!diagnostics.answered.isHeard) return;
    diagnostics.answered.publish({ app, id, reader: waiter.reader, transport, ending });
  }
}

/** Classifies the last batch of a waiter by the member that matters most to its client. */
export function endingOf({ messages, lost, reset, closed, superseded, retry }: Batch): Ending {
  if (closed !== undefined) return 'closed';
  if (superseded) return 'superseded';
  if (messages.length > 0 || lost > 0 || reset) return 'messages';
  return retry === undefined ? 'quiet' : 'retry';
}
