import type { Numbered, Report } from './forked-process.js';
import { plainError } from './wire.js';

/** The other side of a `ForkedProcess`: carries out what it is asked. Gives the way to tell something by oneself. */
export function serveOrders<Order, Told>(carryOut: (order: Order) => Promise<unknown>): (told: Told) => void {
  const send = (report: Report<Told>) => {
    // Whoever is to read it may be gone already.
    if (process.connected) process.send?.(report);
  };
  process.on('message', ({ call, order }: Numbered<Order>) => {
    // Something that others say to each other on the same way.
    if (call === undefined) return;
    carryOut(order).then(
      (value) => send({ call, outcome: { value } }),
      (error) => send({ call, outcome: { error: plainError(error) } }),
    );
  });
  // Whoever started this is gone.
  process.on('disconnect', () => process.exit());
  return (told) => send({ call: undefined, told });
}
