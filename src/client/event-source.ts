import { addressOf, type Transport } from './transport.js';
import { acknowledger, eventReader } from './transports/events.js';
import { type OpenSource, readSource } from './transports/read-source.js';

/** Milliseconds. An `EventSource` keeps heartbeats to itself, so its silence says nothing. */
const longestTimer = 2 ** 31 - 1;

/** What an `EventSource` tells. */
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
 * Reads the mailbox by Server-Sent Events with this `EventSource`, where `fetch` gives an answer only when it is complete.
 * It tells neither heartbeats, nor `retry`, nor where a stream stands that has no message yet. That of a browser sends no
 * token: the session must be in the cookie. Others take headers.
 */
export const eventSource =
  (EventSource: new (url: string, options: object) => Source): Transport =>
  () =>
  (exchange) => {
    exchange.onTaken(acknowledger(exchange, exchange.signal));
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
