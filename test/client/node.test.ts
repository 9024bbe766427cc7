import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test from 'ava';
import { auto, connectBy, poll, sse, webSocket } from '../../src/client/index.js';
import { sqliteStore } from '../../src/stores/sqlite/index.js';
import { eventually } from '../support/eventually.js';
import { Kit } from '../support/http-kit.js';
import { ClientStage, Device, next, take, takeAll } from './client-stage.js';
import { open, start } from './streams-stage.js';

const code = `
  const { parentPort, workerData: { url, token, transport } } = require('node:worker_threads');
  (async () => {
    const { connect } = await import('session-mailbox/client');
    const { WebSocket } = await import('ws');
    const mailbox = connect({ url, token, transport, WebSocket });
    mailbox.on('closed', ({ code }) => parentPort.postMessage('closed ' + code));
    for await (const { data } of mailbox) parentPort.postMessage(data);
  })();
`;

for (const transport of ['poll', 'sse', 'websocket', 'auto']) {
  test(`${transport}: a client in a worker thread reads the mailbox, and lets the thread end with its session`, async (t) => {
    const stage = await start(t);
    const workerData = { url: stage.url, token: stage.session.token, transport };
    const worker = new Worker(code, { eval: true, workerData });
    t.teardown(() => worker.terminate());
    const exit = once(worker, 'exit');
    const heard: unknown[] = [];
    worker.on('message', (message) => heard.push(message));
    await stage.push('one');
    await eventually(() => heard.length === 1 && stage.kit.room.held === 1);
    await stage.push('two');
    await eventually(async () => heard.length === 2 && (await stage.kept()) === 0);
    await stage.session.close('revoked');
    t.deepEqual(await exit, [0]);
    t.deepEqual(heard, ['one', 'two', 'closed revoked']);
  });
}

// Versions before Node 22 have no global WebSocket.
Object.defineProperty(globalThis, 'WebSocket', { value: undefined });

test('without any WebSocket auto selects the next transport, and webSocket reports what is missing', async (t) => {
  const stage = await ClientStage.start(t);
  const without = { WebSocket: undefined, token: () => stage.session.token };
  const mailbox = open(stage, auto, without);
  await stage.push('one');
  t.deepEqual(await take(mailbox, 1), ['one']);
  const failing = open(stage, webSocket, { ...without, reader: 'other' });
  t.regex(String((await next(failing, 'waiting')).cause), /No WebSocket/);
});

for (const [name, transport] of Object.entries({ poll, sse })) {
  test(`${name}: a client whose requests go to alternating nodes misses no message, and gets none twice`, async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'client-nodes-'));
    const store = () => sqliteStore({ path: join(folder, 'sessions.db') });
    const nodes = [await Kit.start('node', { store: store() }), await Kit.start('node', { store: store() })] as const;
    let requests = 0;
    const balanced: typeof fetch = (input, init) => {
      const url = new URL(String(input));
      requests += 1;
      url.port = String(nodes[requests % 2 === 0 ? 0 : 1].port);
      return fetch(url, init);
    };
    const session = await nodes[0].logIn();
    const setting = { url: 'http://127.0.0.1:1', token: session.token, reader: 'tab', fetch: balanced };
    const mailbox = connectBy(transport, setting, new Device());
    t.teardown(async () => {
      mailbox.close();
      for (const node of nodes) await node.close();
      await rm(folder, { recursive: true });
    });
    const { taken } = takeAll(mailbox);
    for (let round = 0; round < 6; round += 1) {
      await eventually(() => nodes[0].room.held + nodes[1].room.held === 1);
      await nodes[round % 2 === 0 ? 0 : 1].manager.push(session.id, round);
      await eventually(() => taken.length === round + 1);
      for (const { server } of nodes) server.node.closeAllConnections();
    }
    await eventually(async () => (await nodes[0].manager.getSession(session.id)).undelivered === 0);
    t.deepEqual(taken, [0, 1, 2, 3, 4, 5]);
    t.true(requests > 6);
  });
}
