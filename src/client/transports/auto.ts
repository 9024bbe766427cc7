import type { Exchanger, Transport } from '../transport.js';
import { poll } from './poll.js';
import { sse } from './sse.js';
import { webSocket } from './web-socket.js';

/**
 * A WebSocket where the cookie has the session, else Server-Sent Events, else polls. A stream that gives nothing, while a
 * poll at the same time does, can't get through: the next way is tried, also after a reload.
 */
export const auto: Transport = () => {
  const polls = poll();
  const ways: readonly Exchanger[] = [webSocket(), sse(), polls];
  let swallowed = 0;
  return async (exchange) => {
    const remembered = exchange.memory.read('way');
    const least = exchange.token === undefined && exchange.WebSocket ? 0 : 1;
    const way = Math.max(least, Number(remembered));
    let isThrough = false;
    try {
      await (ways[way] ?? polls)({
        ...exchange,
        deliver: (batch) => {
          isThrough = true;
          swallowed = 0;
          exchange.deliver(batch);
        },
      });
    } catch (error) {
      if (isThrough || way >= 2 || exchange.signal.aborted) throw error;
      await polls({ ...exchange, isOpen: false });
      swallowed += 1;
      // Once may be chance: the network came back just then.
      if (swallowed > 1) exchange.memory.write('way', way + 1);
    }
  };
};
