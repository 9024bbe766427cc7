import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import test from 'ava';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { pollHandler } from '../../src/express-session/index.js';
import { eventually } from '../support/eventually.js';
import { request } from '../support/http-client.js';
import { Http2Connection } from '../support/http2-client.js';
import { changing, startShop, startStore } from './kit.js';

interface WireBatch {
  readonly messages: readonly { readonly data: unknown }[];
  readonly cursor: string;
  readonly closed?: { readonly code: string };
}

const dataOf = (batch: unknown) => (batch as WireBatch).messages.map((message) => message.data);

for (const server of ['express', 'express4'] as const) {
  const title = (fact: string) => `${server}: ${fact}`;

  test(title('a visitor can poll'), async (t) => {
    const { browser, store, visitors } = await startShop(t, server);
    const visitor = browser();
    await visitor.get(changing({ a: 1 }));
    const session = await store.sessionOf(String(await visitor.get('sid')));
    await visitors.push(session?.id ?? '', 'welcome');
    t.deepEqual(dataOf(await visitor.get('poll?wait=0&after=')), ['welcome']);
  });

  test(title('revoking a login answers its held poll with the reason; later polls are 401'), async (t) => {
    const { browser, manager, container } = await startShop(t, server);
    const alice = browser();
    await alice.get('login?account=alice');
    const held = alice.request('poll');
    await eventually(() => container.get(WaitingRoom).held === 1);
    await manager.closeAccount('alice');
    t.is(((await (await held).json()) as WireBatch).closed?.code, 'revoked');
    const after = await alice.request('poll');
    t.is(after.status, 401);
    t.is(after.headers.get('content-type'), 'application/problem+json');
    t.like(await after.json(), { code: 'SESSION_UNKNOWN' });
  });
}

test('a poll is 503 when express-session gave the request no session, as it does while its store cannot be reached', async (t) => {
  const { manager, store } = await startStore(t);
  const server = createServer(pollHandler(manager, store)).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const answer = await fetch(`http://127.0.0.1:${port}/poll`, { headers: { connection: 'close' } });
  t.is(answer.status, 503);
  t.like(await answer.json(), { code: 'STORE_UNAVAILABLE' });
});

test('a poll whose request target is an absolute URL, or no URL at all, is served according to its query', async (t) => {
  const { manager } = await startStore(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'here');
  const session = await manager.getSession(id);
  const handle = pollHandler(manager, { sessionOf: async () => session });
  const server = createServer((req, res) => handle(Object.assign(req, { sessionID: 'the-sid' }), res));
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const ask = (path: string) => request(port, path, { headers: { Connection: 'close' } });
  for (const path of ['http://x:99999/poll', 'http://[::/poll', '//x:99999/poll', '//']) {
    const answer = await ask(`${path}?after=&wait=0`);
    t.is(answer.status, 200, path);
    t.deepEqual(dataOf(JSON.parse(answer.body)), ['here']);
    t.is((await ask(`${path}?limit=x`)).status, 400, path);
  }
});

test('the poll handler serves HTTP/2', async (t) => {
  const { manager } = await startStore(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'once');
  const session = await manager.getSession(id);
  const handle = pollHandler(manager, { sessionOf: async () => session });
  const server = createHttp2Server((req, res) => handle(Object.assign(req, { sessionID: 'the-sid' }), res));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const connection = new Http2Connection(typeof address === 'object' && address !== null ? address.port : 0);
  t.teardown(async () => {
    await connection.close();
    server.close();
  });
  // A page of the server's own origin sends this header. Without it a poll by cookie must name a cursor.
  const ownPage = { 'sec-fetch-site': 'same-origin' };
  t.deepEqual(dataOf(JSON.parse((await connection.get('/poll?wait=0', ownPage)).body)), ['once']);
  t.deepEqual(dataOf(JSON.parse((await connection.get('/poll?wait=0', ownPage)).body)), []);
  t.is((await connection.get('/poll?limit=x')).status, 400);
});
