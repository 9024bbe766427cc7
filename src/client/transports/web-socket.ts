import { addressOf, longestSilence, type Transport } from '../transport.js';
import { readSource } from './read-source.js';

/**
 * Reads the mailbox over a WebSocket. A browser can't send a token with a WebSocket, so the session must be in the
 * cookie. The sockets of Node and of `ws` accept headers.
 */
export const webSocket: Transport = () => (exchange) =>
  readSource(exchange, longestSilence, (heard) => {
    const { WebSocket, token } = exchange;
    if (!WebSocket) throw new Error('No WebSocket');
    const url = addressOf(exchange, 'stream').replace('http', 'ws');
    const socket = new WebSocket(
      url,
      ...(token === undefined ? [] : [{ headers: { authorization: `Bearer ${token}` } }]),
    );
    socket.onmessage = ({ data }) => heard(() => exchange.deliver(JSON.parse(data)));
    exchange.onTaken((cursor) => socket.send(JSON.stringify({ ack: cursor })));
    return socket;
  });
