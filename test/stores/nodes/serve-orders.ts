import type { Numbered, Report } from './forked-process.js';
import { plainError } from './wire.js';

/** The other side of a `ForkedProcess`: carries out its orders. @returns a function that sends an event */
export function serveOrders<Order, Event>(carryOut: (order: Order) => Promise<unknown>): (event: Event) => void {
  const send = (report: Report<Event>) => {
    // The parent may have ended already.
    if (process.connected) process.send?.(report);
  };
  process.on('message', ({ call, order }: Numbered<Order>) => {
    // Ignore messages of other protocols, such as that of node:cluster.
    if (call === undefined) return;
    carryOut(order).then(
      (value) => send({ call, outcome: { value } }),
      (error) => send({ call, outcome: { error: plainError(error) } }),
    );
  });
  // The parent has ended.
  process.on('disconnect', () => process.exit());
  return (event) => send({ call: undefined, event });
}
