import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectBy, type Pause, poll, Refusal } from '../../src/client/index.js';
import { watchForSleep } from '../../src/client/surroundings.js';
import { HoldLength } from '../../src/client/transports/poll.js';
import { settle } from '../../src/conformance/manual-clock.js';
import { memoryStore } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { ClientStage, Device, ManualClock, Network, next, takeAll } from './client-stage.js';

function portal(): Response {
  return new Response('<h1>Welcome to our hotel</h1>', { headers: { 'content-type': 'text/html' } });
}

function problem(status: number, code: string, headers: Record<string, string> = {}): Response {
  const type = { 'content-type': 'application/problem+json' };
  return new Response(JSON.stringify({ status, code, detail: 'A sentence.' }), {
    status,
    headers: { ...type, ...headers },
  });
}

test('a client finds a restarted server again, and delivers each message once', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'client-restart-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const store = memoryStore({ snapshot: { path: join(folder, 'sessions.snapshot') } });
  const clock = new ManualClock();
  let kit = await Kit.start('node', { store, clock });
  const session = await kit.logIn();
  // Stands for an address that always leads to the current server.
  const routed: typeof fetch = (input, init) => {
    const url = new URL(String(input));
    url.port = String(kit.port);
    return fetch(url, init);
  };
  const setting = { url: 'http://127.0.0.1:1', token: session.token, fetch: routed };
  const mailbox = connectBy(poll, setting, new Device());
  t.teardown(() => mailbox.close());
  const { taken } = takeAll(mailbox);
  for (let round = 1; round <= 3; round += 1) {
    await eventually(() => kit.room.held === 1);
    await kit.manager.push(session.id, `a${round}`);
    await eventually(() => taken.length === round * 2 - 1 && kit.room.held === 1);
    await kit.manager.push(session.id, `b${round}`);
    await kit.close();
    kit = await Kit.start('node', { store, clock });
    await eventually(() => taken.length === round * 2);
  }
  await kit.close();
  t.deepEqual(taken, ['a1', 'b1', 'a2', 'b2', 'a3', 'b3']);
});

test('a reset is reported to the application, which gets no known message again', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const mailbox = stage.connect({ fetch: network.fetch });
  let resets = 0;
  mailbox.on('reset', () => {
    resets += 1;
  });
  const { taken } = takeAll(mailbox);
  const answer = (batch: object) => Response.json({ lost: 0, ...batch });
  const answers = [
    answer({
      messages: [
        { offset: 1, at: 10, data: 1 },
        { offset: 2, at: 20, data: 2 },
      ],
      cursor: 'old.2.k',
    }),
    // The server was restored from a copy with one message, and has received a different second message since.
    answer({
      messages: [
        { offset: 1, at: 10, data: 1 },
        { offset: 2, at: 99, data: 'other 2' },
      ],
      cursor: 'new.2.2r',
      reset: true,
    }),
    answer({ messages: [{ offset: 3, at: 100, data: 3 }], cursor: 'new.3.2s' }),
    // A proxy delivers old answers again. The client knows all of their messages.
    answer({
      messages: [
        { offset: 1, at: 10, data: 1 },
        { offset: 2, at: 20, data: 2 },
      ],
      cursor: 'old.2.k',
    }),
    answer({ messages: [{ offset: 3, at: 100, data: 3 }], cursor: 'new.3.2s' }),
    answer({ messages: [{ offset: 4, at: 101, data: 4 }], cursor: 'new.4.2t' }),
  ];
  network.answer = () => {
    const response = answers.shift();
    if (answers.length === 0) network.answer = () => new Promise(() => {});
    return response ?? Response.error();
  };
  await eventually(() => taken.length === 5);
  t.deepEqual(taken, [1, 2, 'other 2', 3, 4]);
  t.is(resets, 1);
});

test('a client drops a cursor that the server refuses, and reports a reset to the application', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.push('one');
  const mailbox = stage.connect({ after: 'not a cursor' });
  const reset = next(mailbox, 'reset');
  const { taken } = takeAll(mailbox);
  await reset;
  await eventually(() => taken.length === 1);
  t.deepEqual(taken, ['one']);
});

test('after the answer of a login page or a captive portal, or half an answer, the client tries again', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const answers = [
    portal(),
    new Response('<h1>Sign in</h1>', { status: 401, headers: { 'content-type': 'text/html' } }),
    new Response('{"messages":[', { headers: { 'content-type': 'application/json' } }),
    Response.json({ hello: 'world' }),
    Response.json({ code: 'OK', data: [] }),
    Response.json({ code: 'NOT_FOUND' }, { status: 404 }),
    new Response('', { status: 404 }),
    Response.error(),
  ];
  network.answer = () => answers.shift() ?? Response.error();
  const mailbox = stage.connect({ fetch: network.fetch });
  const causes: unknown[] = [];
  mailbox.on('waiting', ({ cause }) => {
    causes.push(cause);
    if (answers.length === 0) network.answer = undefined;
  });
  await stage.push('after all');
  const { taken } = takeAll(mailbox);
  await eventually(() => taken.length === 1);
  t.is(causes.length, 8);
  t.true(causes[0] instanceof Refusal);
});

for (const [status, code] of [
  [403, 'CROSS_SITE'],
  [400, 'INVALID_ARGUMENT'],
  [404, 'SOMETHING_ELSE'],
] as const) {
  test(`an answer ${status} of the session server itself ends the client`, async (t) => {
    const stage = await ClientStage.start(t);
    const network = new Network();
    network.answer = () => problem(status, code);
    const closed = await next(stage.connect({ fetch: network.fetch }), 'closed');
    t.like(closed, { code, reason: 'A sentence.' });
    t.is(network.paths.length, 1);
  });
}

test('after a rotation the client calls its token source again until it returns the new token', async (t) => {
  const stage = await ClientStage.start(t);
  let rotated: string | undefined;
  let asked = 0;
  const given = async () => {
    if (rotated !== undefined) asked += 1;
    return asked < 3 ? stage.session.token : rotated;
  };
  const mailbox = stage.connect({ token: given });
  const { taken } = takeAll(mailbox);
  await eventually(() => stage.kit.room.held === 1);
  ({ token: rotated } = await stage.kit.manager.rotateToken(stage.session.id));
  await stage.push('after the rotation');
  await eventually(() => taken.length === 1);
  t.true(asked >= 3);
  t.is(mailbox.closed, undefined);
});

test('an unknown token ends a client whose token can’t change, and a client whose token source returns no other token', async (t) => {
  const stage = await ClientStage.start(t);
  const token = 'x'.repeat(64);
  for (const [given, tries] of [
    [token, 1],
    [() => token, 2],
    [() => undefined, 2],
  ] as const) {
    const network = new Network();
    const closed = await next(stage.connect({ token: given, fetch: network.fetch }), 'closed');
    t.is(closed.code, 'SESSION_UNKNOWN');
    t.is(network.paths.length, tries);
  }
});

test('a rotation of the token ends a client whose token can’t change', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const closed = next(mailbox, 'closed');
  await eventually(() => stage.kit.room.held === 1);
  await stage.kit.manager.rotateToken(stage.session.id);
  t.is((await closed).code, 'rotated');
});

test('a token source that fails is called again', async (t) => {
  const stage = await ClientStage.start(t);
  let failures = 2;
  const token = () => {
    if (failures === 0) return stage.session.token;
    failures -= 1;
    throw new Error('not shown');
  };
  await next(stage.connect({ token }), 'open');
  t.is(failures, 0);
});

/** Records the pauses of a client whose clock does not advance by itself. */
async function pauses(t: ExecutionContext, luck: number, answers: readonly (() => Response)[]) {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const device = new Device(clock);
  device.luck = luck;
  const left = [...answers];
  network.answer = () => (left.shift() ?? Response.error)();
  const mailbox = stage.connect({ fetch: network.fetch, device });
  const made: Pause[] = [];
  mailbox.on('waiting', (pause) => made.push(pause));
  for (let count = 1; count <= answers.length; count += 1) {
    await eventually(() => made.length === count);
    if (count < answers.length) await clock.advance(made.at(-1)?.delay ?? 0);
  }
  return { delays: made.map(({ delay }) => delay), mailbox, device, clock, network };
}

test('pauses after failures are a random part of a limit that doubles up to half a minute', async (t) => {
  const failures = Array.from({ length: 9 }, () => Response.error);
  const { delays } = await pauses(t, 0.5, failures);
  t.deepEqual(delays, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
});

test('the client waits for Retry-After and a random part, and does not shorten the pause when the network is back', async (t) => {
  const busy = () => problem(503, 'STORE_UNAVAILABLE', { 'retry-after': '7' });
  const { delays, device, network } = await pauses(t, 0.5, [busy, busy]);
  t.deepEqual(delays, [7_250, 7_500]);
  device.sign('awake');
  device.sign('visible');
  await new Promise((resolve) => setImmediate(resolve));
  t.is(network.paths.length, 2);
});

test('a pause is never longer than the maximum delay of a timer', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  network.answer = () => problem(503, 'STORE_UNAVAILABLE', { 'retry-after': '2592000' });
  const clock = new ManualClock();
  const delays: number[] = [];
  const recording = {
    now: () => clock.now(),
    setTimer: (delay: number, callback: () => void) => {
      delays.push(delay);
      return clock.setTimer(delay, callback);
    },
  };
  const mailbox = stage.connect({ fetch: network.fetch, device: new Device(recording) });
  t.is((await next(mailbox, 'waiting')).delay, 2_592_000_000);
  await settle();
  t.is(delays.at(-1), 2 ** 31 - 1);
});

test('a client reconnects at the time that a stopping server has named', async (t) => {
  const stage = await ClientStage.start(t);
  const clock = new ManualClock();
  const mailbox = stage.connect({ device: new Device(clock) });
  const waiting = next(mailbox, 'waiting');
  await eventually(() => stage.kit.room.held === 1);
  const drained = stage.kit.manager.drain();
  const { delay } = await waiting;
  await drained;
  t.true(delay > 0);
  const again = next(mailbox, 'connecting');
  await clock.advance(delay - 1);
  t.is(mailbox.state, 'waiting');
  await clock.advance(1);
  await again;
});

test('without network the client is away, and it reconnects immediately when the network is back', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const device = new Device(new ManualClock());
  const mailbox = stage.connect({ device, fetch: network.fetch });
  const { taken } = takeAll(mailbox);
  await eventually(() => stage.kit.room.held === 1);
  const away = next(mailbox, 'away');
  network.answer = () => Response.error();
  device.luck = 0.5;
  device.isWithoutNetwork = true;
  device.sign('offline');
  await away;
  t.is(mailbox.state, 'away');
  await stage.push('meanwhile');
  device.isWithoutNetwork = false;
  network.answer = undefined;
  device.sign('awake');
  await eventually(() => taken.length === 1);
  t.is(mailbox.state, 'open');
});

test('a device that wakes polls again, because its connection may be dead; showing the page causes no new poll', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const device = new Device();
  const mailbox = stage.connect({ device, fetch: network.fetch });
  await eventually(() => stage.kit.room.held === 1);
  t.is(network.paths.length, 2);
  device.sign('visible');
  device.sign('awake');
  await eventually(() => network.paths.length === 4 && stage.kit.room.held === 1);
  t.is(mailbox.state, 'open');
});

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

test('a jump of the clock counts as sleep of the device; a delayed timer does not', async (t) => {
  const clock = new ManualClock();
  let nights = 0;
  let now = clock.now();
  const sleeping = {
    now: () => now,
    setTimer: (delay: number, callback: () => void) => clock.setTimer(delay, callback),
  };
  const end = watchForSleep(sleeping, () => {
    nights += 1;
  });
  now += 60_000;
  await clock.advance(5_000);
  t.is(nights, 0);
  now += 3_600_000;
  await clock.advance(5_000);
  t.is(nights, 1);
  now += 5_000;
  await clock.advance(5_000);
  t.is(nights, 1);
  end();
  t.is(clock.pending, 0);
});

test('after a proxy has cut two polls after the same time, the client asks for shorter polls', (t) => {
  const length = new HoldLength();
  length.cutAfter(20_000);
  t.is(length.current, 25_000, 'one may be a server that restarts');
  length.cutAfter(4_000);
  t.is(length.current, 25_000, 'another time is another cause');
  length.heldFor(5_000);
  length.cutAfter(4_100);
  t.is(length.current, 25_000, 'a poll was held for longer');
  length.cutAfter(10);
  length.cutAfter(10);
  t.is(length.current, 25_000, 'what fails at once was not held');
  length.cutAfter(20_000);
  length.cutAfter(19_000);
  t.is(length.current, 15_200);
});

test('after a cut the client asks for a little more with each poll that is held, and never for more than 25 s', (t) => {
  const length = new HoldLength();
  const cut = () => {
    length.cutAfter(10_000);
    length.cutAfter(10_000);
  };
  cut();
  let holds = 0;
  for (; length.current < 10_000 && holds < 1_000; holds += 1) length.heldFor(length.current);
  // A proxy with this limit cuts two polls now.
  t.true(holds > 200, `${holds} holds`);
  cut();
  t.is(length.current, 8_000);
  length.heldFor(0);
  t.is(length.current, 8_000, 'a poll that is answered at once was not held');
  for (let count = 0; count < 2_000; count += 1) length.heldFor(length.current);
  t.is(length.current, 25_000);
});

test('behind a proxy that cuts polls after 10 s the client learns to ask for polls that end earlier', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const mailbox = stage.connect({ device: new Device(clock), fetch: network.fetch });
  let cuts = 0;
  network.answer = (signal) =>
    network.paths.at(-1)?.includes('wait=0')
      ? fetch(`${stage.url}${network.paths.at(-1)}`, { headers: { authorization: `Bearer ${stage.session.token}` } })
      : new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
          clock.setTimer(10_000, () => {
            cuts += 1;
            reject(new TypeError('terminated'));
          });
        });
  for (let polls = 2; polls <= 4; polls += 2) {
    await eventually(() => network.paths.length === polls);
    await clock.advance(10_000);
    await clock.advance(0);
  }
  await eventually(() => network.paths.length === 6);
  t.is(cuts, 2);
  t.regex(network.paths.at(-1) ?? '', /wait=8000/);
  t.is(mailbox.closed, undefined);
});

test('a server that can’t be reached for a while teaches the client nothing about the length of holds', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const clock = new ManualClock();
  const waits = () => network.paths.map((path) => Number(new URL(path, stage.url).searchParams.get('wait')));
  let isAway = false;
  network.answer = (signal) =>
    new Promise((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
      const quiet = () => resolve(Response.json({ messages: [], cursor: 'a.1.b', lost: 0 }));
      if (!isAway) clock.setTimer(waits().at(-1) ?? 0, quiet);
    });
  stage.connect({ device: new Device(clock), fetch: network.fetch });
  const asks = (count: number) =>
    eventually(async () => {
      await clock.advance(0);
      return network.paths.length === count;
    });
  await asks(2);
  for (let outage = 1; outage <= 3; outage += 1) {
    const before = network.paths.length;
    isAway = true;
    // The first is a poll that was held for its whole time; the others are not held at all.
    await clock.advance(25_000);
    await asks(before + 1);
    for (const [failed, time] of [35_000, 10_000, 10_000].entries()) {
      await clock.advance(time);
      await asks(before + failed + 2);
    }
    isAway = false;
    await clock.advance(10_000);
    await asks(before + 6);
    t.deepEqual([...new Set(waits())].toSorted(), [0, 25_000], `after ${outage}`);
  }
});
