import test from 'ava';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, Network, next, takeAll } from './client-stage.js';

test('a poll whose answer is overdue is aborted', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const mailbox = stage.connect({ device: new Device(clock), fetch: network.fetch });
  await eventually(() => stage.kit.room.held === 1);
  network.answer = (signal) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
  const waiting = next(mailbox, 'waiting');
  // The clock of the server does not advance, so the server never answers.
  await clock.advance(34_999);
  t.is(mailbox.state, 'open');
  await clock.advance(1);
  t.regex(String((await waiting).cause), /No answer/);
});

test('an answer that arrives slowly is not aborted', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const network = new Network();
  await stage.push('one');
  network.answer = async (signal) => {
    const headers = { authorization: `Bearer ${stage.session.token}` };
    const init = { headers, ...(signal && { signal }) };
    const text = await (await fetch(`${stage.url}${network.paths.at(-1)}`, init)).text();
    const parts = [text.slice(0, 10), text.slice(10, 20), text.slice(20)];
    const body = new ReadableStream<Uint8Array>(
      {
        start: (stream) => signal?.addEventListener('abort', () => stream.error(signal.reason), { once: true }),
        pull: async (stream) => {
          await clock.advance(6_000);
          if (signal?.aborted) return;
          const part = parts.shift();
          if (part === undefined) stream.close();
          else stream.enqueue(new TextEncoder().encode(part));
        },
      },
      { highWaterMark: 0 },
    );
    return new Response(body, { headers: { 'content-type': 'application/json' } });
  };
  const { taken } = takeAll(stage.connect({ fetch: network.fetch, device: new Device(clock) }));
  await eventually(() => taken.length === 1);
  t.deepEqual(taken, ['one']);
});
