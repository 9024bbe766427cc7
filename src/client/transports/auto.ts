import type { Exchanger, Transport } from '../transport.js';
import { poll } from './poll.js';
import { sse } from './sse.js';
import { webSocket } from './web-socket.js';

/**
 * Transport that uses a WebSocket if the session is in the cookie, else Server-Sent Events, else polls. If a stream
 * fails without a batch, and a poll right after it succeeds, something may block streams. When this happens twice in a
 * row, the client changes to the next transport, and keeps to it after a reload.
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
      // The first time may be chance: perhaps the network came back just before the poll.
      if (isSuspect) return;
      way += 1;
      memory.write('way', way);
    }
  };
};
