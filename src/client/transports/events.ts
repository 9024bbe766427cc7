import { addressOf, type Exchange, inTime, patience, request } from '../transport.js';
import type { Batch } from '../wire.js';

/**
 * Returns a function that sends one acknowledgement at a time. It does not retry a failed acknowledgement: the next
 * acknowledgement, or the next stream, covers it.
 */
export function acknowledger(exchange: Exchange): (cursor: string) => void {
  /** The cursor to send next; empty if there is none. */
  let latest = '';
  let isSending = false;
  return async (cursor) => {
    latest = cursor;
    if (isSending) return;
    isSending = true;
    while (latest) {
      const body = JSON.stringify({ cursor: latest });
      latest = '';
      await inTime(exchange, patience, (signal) =>
        request(exchange, addressOf(exchange, 'ack'), { method: 'POST', body, signal }),
      ).catch(() => {});
    }
    isSending = false;
  };
}

/** Returns a function that converts the events of one stream, given by their fields, to batches. */
export function eventReader(exchange: Exchange): (fields: Record<string, string>) => void {
  /** Fields for the batch of the next message, from the events before it. */
  let news: Partial<Batch> = {};
  let cursor = exchange.after;
  const deliver = (batch: Partial<Batch>) => exchange.deliver({ messages: [], lost: 0, ...batch, cursor });
  return ({ id, event, data = 'null', retry }) => {
    const value = JSON.parse(data);
    if (retry !== undefined) deliver({ retry: Number(retry) });
    if (event === 'lost') news = { ...news, ...value };
    if (event === 'reset') news = { ...news, reset: true };
    if (event === 'closed') deliver({ closed: value });
    if (id !== undefined) {
      cursor = id;
      deliver({ ...news, messages: value === null ? [] : [value] });
      news = {};
    }
  };
}
