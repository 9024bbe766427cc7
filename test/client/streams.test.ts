import test from 'ava';
import { auto, sse, webSocket } from '../../src/client/index.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, ManualClock, Network, next, TabStorageStub, take, takeAll } from './client-stage.js';
import { cut, open, start } from './streams-stage.js';

for (const [name, transport] of Object.entries({ sse, webSocket })) {
  test(`${name}: each message is delivered once and in order, and acknowledged once it was taken`, async (t) => {
    const stage = await start(t);
    await stage.push('one', 'two');
    const mailbox = open(stage, transport, { reader: 'tab' });
    const loop = mailbox[Symbol.asyncIterator]();
    t.is((await loop.next()).value?.data, 'one');
    t.is((await loop.next()).value?.data, 'two');
    await eventually(async () => (await stage.kept()) === 1);
    const third = loop.next();
    await eventually(async () => (await stage.kept()) === 0);
    await stage.push('three');
    t.is((await third).value?.data, 'three');
    t.is(mailbox.state, 'open');
  });

  test(`${name}: a broken connection is opened again, and no message is missed or delivered twice`, async (t) => {
    const stage = await start(t);
    const mailbox = open(stage, transport, { reader: 'tab' });
    const { taken } = takeAll(mailbox);
    for (let round = 0; round < 3; round += 1) {
      await eventually(() => mailbox.state === 'open');
      await stage.push(`a${round}`, `b${round}`);
      await eventually(() => taken.length === 2 * round + 2);
      const waiting = next(mailbox, 'waiting');
      cut(stage);
      await waiting;
    }
    t.deepEqual(taken, ['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  });

  test(`${name}: lost messages are reported, and the end of the session ends the client`, async (t) => {
    const stage = await start(t, { context: { msgMaxLength: 2 } });
    await stage.kit.poll(stage.session.token, { reader: 'tab', after: '' });
    await stage.push('one', 'two', 'three', 'four');
    const mailbox = open(stage, transport, { reader: 'tab' });
    const lost = next(mailbox, 'lost');
    const { taken, end } = takeAll(mailbox);
    t.is(await lost, 2);
    await eventually(() => taken.length === 2);
    await stage.session.close('revoked');
    await end;
    t.is(mailbox.closed?.code, 'revoked');
    t.deepEqual(taken, ['three', 'four']);
  });

  test(`${name}: a cursor of another epoch is reported as a reset, and known messages are not delivered again`, async (t) => {
    const stage = await start(t);
    await stage.push('one', 'two');
    const mailbox = open(stage, transport, { after: 'other.9.1' });
    const reset = next(mailbox, 'reset');
    const { taken } = takeAll(mailbox);
    await reset;
    await eventually(() => taken.length === 2);
    t.deepEqual(taken, ['one', 'two']);
  });

  test(`${name}: an application that takes no messages gets a bounded backlog, and the rest later`, async (t) => {
    const stage = await start(t, { context: { msgMaxLength: 1_000 } });
    const mailbox = open(stage, transport, { reader: 'tab' });
    await next(mailbox, 'open');
    const numbers = Array.from({ length: 500 }, (_, number) => number);
    await stage.push(...numbers);
    t.deepEqual(await take(mailbox, 500), numbers);
  });

  test(`${name}: a client pauses for the time that a stopping server has named`, async (t) => {
    const stage = await start(t);
    const mailbox = open(stage, transport);
    await next(mailbox, 'open');
    const waiting = next(mailbox, 'waiting');
    await stage.kit.manager.drain();
    const { delay } = await waiting;
    t.true(delay > 0);
    mailbox.close();
  });
}

test('auto: polls replace a stream that a proxy buffers, also after a reload', async (t) => {
  const stage = await start(t);
  const clock = new ManualClock();
  const network = new Network();
  const storage = new TabStorageStub();
  const token = () => stage.session.token;
  network.answer = (signal) => {
    const path = network.paths.at(-1) ?? '';
    const headers = { authorization: `Bearer ${stage.session.token}` };
    if (!path.startsWith('/events')) return fetch(`${stage.url}${path}`, { headers, ...(signal && { signal }) });
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true }));
  };
  const options = { fetch: network.fetch, storage, token };
  const mailbox = open(stage, auto, { ...options, device: new Device(clock) });
  for (const count of [1, 3]) {
    await eventually(() => network.paths.length === count);
    await clock.advance(10_000);
  }
  await stage.push('one');
  t.deepEqual(await take(mailbox, 1), ['one']);
  mailbox.close();
  const before = network.paths.length;
  const again = open(stage, auto, options);
  await next(again, 'open');
  t.deepEqual(
    network.paths.slice(before).filter((path) => path.startsWith('/events')),
    [],
  );
});

/** Stands for a proxy that passes on the first bytes of a stream, and buffers the rest. `beat` passes on a heartbeat. */
class BufferingProxy extends Network {
  beat = () => {};
  /** Number of streams whose first bytes have arrived: later messages are not among them. */
  begun = 0;

  constructor(stage: ClientStage) {
    super();
    this.answer = (signal) => this.#pass(stage, signal);
  }

  get streams(): number {
    return this.paths.filter((path) => path.startsWith('/events')).length;
  }

  async #pass({ url, session }: ClientStage, signal: AbortSignal | undefined): Promise<Response> {
    const path = this.paths.at(-1) ?? '';
    const headers = { authorization: `Bearer ${session.token}` };
    const response = await fetch(`${url}${path}`, { headers, ...(signal && { signal }) });
    if (!path.startsWith('/events')) return response;
    const { value } = (await response.body?.getReader().read()) ?? {};
    this.begun += 1;
    const body = new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(value ?? new Uint8Array());
        this.beat = () => stream.enqueue(new TextEncoder().encode(':\n\n'));
        signal?.addEventListener('abort', () => stream.error(signal.reason));
      },
    });
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  }
}

test('auto: polls replace a stream that delivers its first bytes and then nothing, not even heartbeats', async (t) => {
  const stage = await start(t);
  const clock = new ManualClock();
  const network = new BufferingProxy(stage);
  const mailbox = open(stage, auto, { fetch: network.fetch, device: new Device(clock) });
  const { taken } = takeAll(mailbox);
  for (const count of [1, 2]) {
    await eventually(() => mailbox.state === 'open' && network.begun === count && stage.kit.room.held === 1);
    await stage.push(count);
    await clock.advance(69_999);
    t.is(taken.length, count - 1);
    await clock.advance(1);
    await eventually(() => taken.length === count);
  }
  await eventually(() => network.paths.at(-1)?.includes('wait=25000') === true && stage.kit.room.held === 1);
  await stage.push(3);
  await eventually(() => taken.length === 3);
  t.deepEqual(taken, [1, 2, 3]);
  t.is(network.streams, 2);
});

test('auto: a stream that had heartbeats for a while and then breaks without notice is opened again', async (t) => {
  const stage = await start(t);
  const clock = new ManualClock();
  const network = new BufferingProxy(stage);
  const mailbox = open(stage, auto, { fetch: network.fetch, device: new Device(clock) });
  for (const count of [1, 2, 3]) {
    await eventually(() => mailbox.state === 'open' && network.begun === count && stage.kit.room.held === 1);
    for (let beats = 0; beats < 4; beats += 1) {
      await clock.advance(25_000);
      network.beat();
    }
    const waiting = next(mailbox, 'waiting');
    await clock.advance(70_000);
    t.regex(String((await waiting).cause), /No answer/);
    await clock.advance(0);
  }
  await eventually(() => network.streams === 4);
  t.is(mailbox.state, 'open');
});

test('auto: without a WebSocket route the client selects the next transport, and an unknown token ends it', async (t) => {
  const stage = await ClientStage.start(t);
  const withCookie: typeof fetch = (input, init) =>
    fetch(input, {
      ...init,
      headers: { ...Object(init?.headers), cookie: `sid=${stage.session.token}`, 'sec-fetch-site': 'same-origin' },
    });
  const mailbox = open(stage, auto, { token: () => undefined, fetch: withCookie });
  await stage.push('one');
  t.deepEqual(await take(mailbox, 1), ['one']);
  const stranger = open(stage, auto, { token: 'x'.repeat(64) });
  t.is((await next(stranger, 'closed')).code, 'SESSION_UNKNOWN');
});

test('auto: without storage the client tries a stream that never opens twice, and polls then', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  network.answer = (signal) => {
    const path = network.paths.at(-1) ?? '';
    if (path.startsWith('/events')) return new Response('no', { status: 404 });
    const headers = { authorization: `Bearer ${stage.session.token}` };
    return fetch(`${stage.url}${path}`, { headers, ...(signal && { signal }) });
  };
  stage.connect({ transport: auto, fetch: network.fetch, storage: null });
  await eventually(() => stage.kit.room.held === 1);
  t.is(network.paths.filter((path) => path.startsWith('/events')).length, 2);
});

test('auto: after the WebSocket, the client tries Server-Sent Events twice, too', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  let streams = 0;
  network.answer = (signal) => {
    const path = network.paths.at(-1) ?? '';
    if (path.startsWith('/events')) {
      streams += 1;
      if (streams === 1) throw new TypeError('fetch failed');
    }
    const headers = { authorization: `Bearer ${stage.session.token}` };
    return fetch(`${stage.url}${path}`, { headers, ...(signal && { signal }) });
  };
  const options = { fetch: network.fetch, storage: new TabStorageStub(), token: () => undefined };
  open(stage, auto, options);
  await eventually(() => stage.kit.room.held === 1);
  t.is(streams, 2);
});

test('auto: a network error does not make the client fall back to polls', async (t) => {
  const stage = await start(t);
  const network = new Network();
  network.answer = () => Response.error();
  const mailbox = open(stage, auto, { fetch: network.fetch });
  await next(mailbox, 'waiting');
  network.answer = undefined;
  await next(mailbox, 'open');
  await eventually(() => network.paths.slice(2).some((path) => path.startsWith('/events')));
  t.is(mailbox.state, 'open');
});

test('sse: an acknowledgement that is never answered is given up, and the next one is sent over the same stream', async (t) => {
  const stage = await start(t);
  const clock = new ManualClock();
  let acknowledgements = 0;
  let streams = 0;
  const hanging: typeof fetch = (input, init) => {
    if (String(input).includes('/events')) streams += 1;
    if (init?.method !== 'POST') return fetch(input, init);
    acknowledgements += 1;
    return acknowledgements === 1 ? new Promise(() => {}) : fetch(input, init);
  };
  const mailbox = open(stage, sse, { fetch: hanging, device: new Device(clock) });
  const { taken } = takeAll(mailbox);
  await next(mailbox, 'open');
  await stage.push('one', 'two');
  await eventually(() => taken.length === 2 && acknowledgements === 1);
  await clock.advance(9_999);
  t.is(acknowledgements, 1);
  await clock.advance(1);
  await eventually(async () => (await stage.kept()) === 0);
  t.is(streams, 1);
});
