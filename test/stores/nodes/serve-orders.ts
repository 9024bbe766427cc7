import type { Numbered, Report } from './forked-process.js';
import { plainError } from './wire.js';

/** The other side of a `ForkedProcess`: carries out its orders. @returns sends an event */
export function serveOrders<Order, Told>(carryOut: (order: Order) => Promise<unknown>): (told: Told) => void {
  const send = (report: Report<Told>) => {
    // The parent may have ended already.
    if (process.connected) process.send?.(report);
  };
  process.on('message', ({ call, order }: Numbered<Order>) => {
    // A message of another protocol, such as that of node:cluster.
    if (call === undefined) return;
    carryOut(order).then(
      (value) => send({ call, outcome: { value } }),
      (error) => send({ call, outcome: { error: plainError(error) } }),
    );
  });
  // The parent has ended.
  process.on('disconnect', () => process.exit());
  return (told) => send({ call: undefined, told });
}
