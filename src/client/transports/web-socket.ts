import { addressOf, patience, type Transport } from '../transport.js';

/**
 * Reads the mailbox over a WebSocket. A browser does not say why a server refused one, and sends no token with it: the
 * session must be in the cookie.
 */
export const webSocket: Transport = () => (exchange) =>
  new Promise((resolve, reject) => {
    const { WebSocket, clock, signal, token } = exchange;
    if (WebSocket === undefined) throw new Error('No WebSocket');
    // The sockets of Node and of `ws` take headers.
    const socket = new WebSocket(
      addressOf(exchange, 'stream').replace('http', 'ws'),
      ...(token === undefined ? [] : [{ headers: { authorization: `Bearer ${token}` } }]),
    );
    const end = (error?: unknown) => {
      timer.cancel();
      socket.close();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = clock.setTimer(patience, () => end(new Error('No answer in time')));
    signal.addEventListener('abort', () => end(signal.reason));
    socket.onerror = socket.onclose = () => end(new Error('The stream has ended'));
    socket.onmessage = ({ data }) => {
      timer.cancel();
      try {
        exchange.deliver(JSON.parse(data));
        // The last frame, which says what is to follow.
        if (exchange.hasPause()) end();
      } catch (error) {
        end(error);
      }
    };
    exchange.onTaken((cursor) => socket.send(JSON.stringify({ ack: cursor })));
  });
