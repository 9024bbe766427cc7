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
  let way = 0;
  let isSuspect = false;
  return async (exchange) => {
    const { token, WebSocket, memory } = exchange;
    way = Math.max(way, Number(memory.read('way')), token === undefined && WebSocket ? 0 : 1);
    let isThrough = false;
    try {
      await (ways[way] ?? polls)({
        ...exchange,
        deliver: (batch) => {
          isThrough = true;
          isSuspect = false;
          exchange.deliver(batch);
        },
      });
    } catch (error) {
      if (isThrough || way >= 2 || exchange.signal.aborted) throw error;
      await polls({ ...exchange, isOpen: false });
      isSuspect = !isSuspect;
      // Once may be chance: the network came back just then.
      if (isSuspect) return;
      way += 1;
      memory.write('way', way);
    }
  };
};
