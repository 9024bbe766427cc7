import { refuse } from '../refusal.js';
import { addressOf, type Exchange, patience, request, type Transport } from '../transport.js';
import type { Batch } from '../wire.js';

/** Milliseconds without so much as a heartbeat. */
const longestSilence = 70_000;

/** Reads the mailbox by Server-Sent Events, over `fetch`: an `EventSource` can neither send a token nor tell an error. */
export const sse: Transport = () => async (exchange) => {
  const late = new AbortController();
  const signal = AbortSignal.any([exchange.signal, late.signal]);
  const expectMore = (time: number) => exchange.clock.setTimer(time, () => late.abort(new Error('No answer in time')));
  // The first event comes at once, unless a proxy keeps the stream to itself.
  let timer = expectMore(patience);
  try {
    const response = await request(exchange, addressOf(exchange, 'events'), { signal });
    const { ok, body } = response;
    if (!ok || body === null) return await refuse(response);
    exchange.onTaken(acknowledger(exchange, signal));
    const read = eventReader(exchange);
    const decoder = new TextDecoder();
    for await (const chunk of body) {
      timer.cancel();
      read(decoder.decode(chunk, { stream: true }));
      // The last event ends the exchange, perhaps before the stream has ended.
      signal.throwIfAborted();
      timer = expectMore(longestSilence);
    }
    if (!exchange.hasPause()) throw new Error('The stream has ended');
  } finally {
    timer.cancel();
    // Also after an event that can't be used, which leaves the stream open.
    late.abort();
  }
};

/** Sends one acknowledgement at a time; one that fails is made up for by the next, or by the next stream. */
function acknowledger(exchange: Exchange, signal: AbortSignal): (cursor: string) => void {
  let latest = '';
  let isSending = false;
  const send = async () => {
    isSending = true;
    for (let sent = ''; sent !== latest; ) {
      sent = latest;
      const body = JSON.stringify({ cursor: sent });
      await request(exchange, addressOf(exchange, 'ack'), { method: 'POST', body, signal }).catch(() => {});
    }
    isSending = false;
  };
  return (cursor) => {
    latest = cursor;
    if (!isSending) void send();
  };
}

/** Makes batches of the text of one stream. */
function eventReader(exchange: Exchange): (text: string) => void {
  let rest = '';
  let fields: Record<string, string> = {};
  /** What was told of the messages that follow. */
  let news: Partial<Batch> = {};
  let cursor = exchange.after;
  const deliver = (batch: Partial<Batch>) => exchange.deliver({ messages: [], lost: 0, ...batch, cursor });
  const dispatch = ({ id, event, data = 'null', retry }: Record<string, string>) => {
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
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const colon = line.indexOf(': ');
      if (line !== '') fields[line.slice(0, colon)] = line.slice(colon + 2);
      else {
        dispatch(fields);
        fields = {};
      }
    }
  };
}
