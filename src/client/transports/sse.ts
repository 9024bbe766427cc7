import { readAnswer } from '../refusal.js';
import { addressOf, inTime, longestSilence, patience, request, type Transport } from '../transport.js';
import { acknowledger, eventReader } from './events.js';

/**
 * Reads the mailbox by Server-Sent Events, over `fetch`, because an `EventSource` can neither send a token nor report
 * the cause of an error.
 */
export const sse: Transport = () => (exchange) =>
  // The first event arrives immediately, unless a proxy buffers the stream.
  inTime(exchange, patience, async (signal, expect) => {
    const response = await request(exchange, addressOf(exchange, 'events'), { signal });
    const { ok, body, headers } = response;
    // A captive portal answers with a page instead of a stream.
    if (!ok || !body || !headers.get('content-type')?.includes('event-stream'))
      return readAnswer(response, (_): _ is never => false);
    exchange.onTaken(acknowledger(exchange));
    const read = eventReader(exchange);
    const decoder = new TextDecoder();
    // Safari can't iterate over streams.
    const reader = body.getReader();
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      signal.throwIfAborted();
      expect(longestSilence);
      const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) read(Object.fromEntries(event.split('\n').map(fieldOf)));
    }
    if (!exchange.hasPause()) throw new Error('The stream has ended');
  });

function fieldOf(line: string): readonly [name: string, value: string] {
  const colon = line.indexOf(': ');
  return [line.slice(0, colon), line.slice(colon + 2)];
}
