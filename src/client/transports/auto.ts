import { type Exchanger, longestSilence, Silence, type Transport } from '../transport.js';
import { poll } from './poll.js';
import { sse } from './sse.js';
import { webSocket } from './web-socket.js';

/**
 * Transport that uses a WebSocket if the session is in the cookie, else Server-Sent Events, else polls. If a stream
 * fails without a batch, or is silent after its first batches, and a poll right after it succeeds, something may block
 * streams. When this happens twice in a row, the client changes to the next transport, and keeps to it after a reload.
 */
export const auto: Transport = () => {
  const polls = poll();
  const ways: readonly Exchanger[] = [webSocket(), sse(), polls];
  let way = 0;
  let isSuspect = false;
  return async (exchange) => {
    const { token, WebSocket, memory, clock } = exchange;
    way = Math.max(way, Number(memory.read('way')), token === undefined && WebSocket ? 0 : 1);
    // A stream that lives until then has had heartbeats.
    const provenAt = clock.now() + 2 * longestSilence;
    let isThrough = false;
    try {
      await (ways[way] ?? polls)({
        ...exchange,
        deliver: (batch) => {
          isThrough = true;
          exchange.deliver(batch);
        },
      });
      isSuspect = false;
    } catch (error) {
      const isBlocked = !isThrough || (error instanceof Silence && clock.now() < provenAt);
      isSuspect &&= isBlocked;
      if (!isBlocked || way >= 2 || exchange.signal.aborted) throw error;
      await polls({ ...exchange, isOpen: false });
      isSuspect = !isSuspect;
      // The first time may be chance: perhaps the network came back just before the poll.
      if (isSuspect) return;
      way += 1;
      memory.write('way', way);
    }
  };
};
