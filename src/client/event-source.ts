import { addressOf, longestTimer, type Transport } from './transport.js';
import { acknowledger, eventReader } from './transports/events.js';
import { type OpenSource, readSource } from './transports/read-source.js';

/** An event of an `EventSource`. `open` and `error` have no data. */
export interface SourceEvent {
  readonly type: string;
  readonly data?: string | null;
  readonly lastEventId?: string | null;
}

/**
 * An `EventSource`, as far as the client uses it. It needs no `onopen` and `onerror`, which that of react-native-sse does
 * not have.
 */
export interface Source {
  addEventListener(type: string, listener: (event: SourceEvent) => void): void;
  close(): void;
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
      const opened: OpenSource = { onerror: null, close: () => source.close() };
      source.addEventListener('open', () => heard(exchange.opened));
      source.addEventListener('error', () => opened.onerror?.());
      for (const event of ['message', 'lost', 'reset', 'closed']) {
        source.addEventListener(event, ({ data, lastEventId }) =>
          heard(() =>
            read({ event, ...(data && { data }), ...(event === 'message' && lastEventId && { id: lastEventId }) }),
          ),
        );
      }
      return opened;
    });
  };
