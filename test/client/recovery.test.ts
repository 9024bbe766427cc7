import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { connectBy, poll, Refusal } from '../../src/client/index.js';
import { memoryStore } from '../../src/index.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { portal, problem } from './answers.js';
import { ClientStage, Device, ManualClock, Network, next, takeAll } from './client-stage.js';

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
