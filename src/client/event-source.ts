import { addressOf, longestTimer, type Transport } from './transport.js';
import { acknowledger, eventReader } from './transports/events.js';
import { type OpenSource, readSource } from './transports/read-source.js';

/** An event of an `EventSource`. */
export interface SourceEvent {
  readonly type: string;
  readonly data: string;
  readonly lastEventId: string;
}

/** An `EventSource`, as far as the client uses it. */
export interface Source extends OpenSource {
  onopen: (() => void) | null;
  addEventListener(type: string, listener: (event: SourceEvent) => void): void;
}

/**
 * Reads the mailbox by Server-Sent Events with the given `EventSource`. Use it where `fetch` returns an answer only
 * when it is complete. An `EventSource` reports neither heartbeats, nor `retry`, nor the cursor of a stream without a
 * message. The `EventSource` of a browser sends no token, so the session must be in the cookie. Other implementations
 * accept headers.
 */
export const eventSource =
  (EventSource: new (url: string, options: object) => Source): Transport =>
  () =>
  (exchange) => {
    exchange.onTaken(acknowledger(exchange));
    // An `EventSource` does not report heartbeats, so it may be silent for any time.
    return readSource(exchange, longestTimer, (heard) => {
      const { token } = exchange;
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const source = new EventSource(addressOf(exchange, 'events'), { headers });
      const read = eventReader(exchange);
      source.onopen = () => heard(exchange.opened);
      for (const event of ['message', 'lost', 'reset', 'closed']) {
        source.addEventListener(event, ({ data, lastEventId }) =>
          heard(() => read({ event, data, ...(event === 'message' && { id: lastEventId }) })),
        );
      }
      return source;
    });
  };
