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

  test(title('a poll with the cookie is held until a push to the account answers it'), async (t) => {
    const { browser, manager, container } = await startShop(t, server);
    const alice = browser();
    await alice.get('login?account=alice');
    const room = container.get(WaitingRoom);
    const held = alice.request('poll?after=');
    await eventually(() => room.held === 1);
    await manager.pushToAccount('alice', { text: 'hi' });
    const answer = await held;
    t.is(answer.headers.get('content-type'), 'application/json');
    t.is(answer.headers.get('cache-control'), 'no-store');
    const batch = (await answer.json()) as WireBatch;
    t.deepEqual(dataOf(batch), [{ text: 'hi' }]);
    t.deepEqual(dataOf(await alice.get(`poll?wait=0&after=${batch.cursor}`)), []);
    t.is(room.held, 0);
  });

  test(title('a poll without a cursor delivers each message once'), async (t) => {
    const { browser, manager } = await startShop(t, server);
    const alice = browser();
    await alice.get('login?account=alice');
    await manager.pushToAccount('alice', 1);
    t.deepEqual(dataOf(await alice.get('poll?wait=0')), [1]);
    await eventually(async () => (await manager.sessionsOfAccount('alice'))[0]?.undelivered === 0);
    t.deepEqual(dataOf(await alice.get('poll?wait=0')), []);
  });

  test(title('a visitor can poll'), async (t) => {
    const { browser, store, visitors } = await startShop(t, server);
    const visitor = browser();
    await visitor.get(changing({ a: 1 }));
    const session = await store.sessionOf(String(await visitor.get('sid')));
    await visitors.push(session?.id ?? '', 'welcome');
    t.deepEqual(dataOf(await visitor.get('poll?wait=0&after=')), ['welcome']);
  });

  test(title('the poll of a client that disconnects is released, and no message is lost'), async (t) => {
    const { browser, manager, container } = await startShop(t, server);
    const alice = browser();
    await alice.get('login?account=alice');
    const room = container.get(WaitingRoom);
    const gone = new AbortController();
    const held = alice.request('poll', { signal: gone.signal });
    await eventually(() => room.held === 1);
    gone.abort();
    await t.throwsAsync(held, { any: true });
    await eventually(() => room.held === 0);
    await manager.pushToAccount('alice', 'kept');
    t.deepEqual(dataOf(await alice.get('poll?wait=0')), ['kept']);
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

  test(title('a poll with neither Sec-Fetch-Site nor Origin removes no message'), async (t) => {
    const { browser, manager } = await startShop(t, server);
    const alice = browser();
    await alice.get('login?account=alice');
    await manager.pushToAccount('alice', 'kept');
    for (const [query, status] of [
      ['wait=0', 400],
      ['wait=0&after=', 200],
    ] as const) {
      const head = { method: 'GET', headers: { cookie: alice.cookie ?? '' } };
      const answer = await fetch(new URL(`/poll?${query}`, alice.origin), head);
      t.is(answer.status, status, query);
      if (status === 400) t.like(await answer.json(), { code: 'INVALID_ARGUMENT' });
    }
    t.deepEqual(dataOf(await alice.get('poll?wait=0')), ['kept']);
  });

  test(
    title('a poll without a session, with wrong parameters or from another site is refused with a problem document'),
    async (t) => {
      const { browser } = await startShop(t, server);
      const alice = browser();
      t.is((await alice.request('poll')).status, 401);
      await alice.get('login?account=alice');
      for (const query of ['wait=x', 'limit=0', 'after=1&after=2', 'reader=%20']) {
        const answer = await alice.request(`poll?${query}`);
        t.is(answer.status, 400, query);
        t.like(await answer.json(), { code: 'INVALID_ARGUMENT' });
      }
      t.is((await alice.request('poll', { method: 'HEAD' })).status, 400);
      const foreign = await alice.request('poll?wait=0', { headers: { 'sec-fetch-site': 'cross-site' } });
      t.is(foreign.status, 403);
      t.is((await alice.request('poll?wait=0', { headers: { 'sec-fetch-site': 'same-origin' } })).status, 200);
    },
  );
}

test('a poll is 503 when express-session gave the request no session, as while its store can not be reached', async (t) => {
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

test('a poll whose request target is an absolute URL, or no URL at all, is served as its query says', async (t) => {
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
  // As a page of the server's own origin sends it; without it a poll by cookie must name a cursor.
  const ownPage = { 'sec-fetch-site': 'same-origin' };
  t.deepEqual(dataOf(JSON.parse((await connection.get('/poll?wait=0', ownPage)).body)), ['once']);
  t.deepEqual(dataOf(JSON.parse((await connection.get('/poll?wait=0', ownPage)).body)), []);
  t.is((await connection.get('/poll?limit=x')).status, 400);
});
