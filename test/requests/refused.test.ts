import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { pollHandler } from '../../src/express-session/index.js';
import type { RefusedBearer, SessionManager } from '../../src/index.js';
import { sessionFromRequest } from '../../src/requests/index.js';
import { request } from '../support/http-client.js';
import { onEachAdapter, problemIn } from '../support/http-kit.js';
import { startService, throwsCode } from '../support/service.js';
import { Sids } from '../websocket/express-cookie.js';
import { SocketIoStage } from '../websocket/socket-io-stage.js';
import { Stage } from '../websocket/stage.js';

const strange = 'z'.repeat(64);
const evil = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };

function refusals(manager: SessionManager): RefusedBearer[] {
  const heard: RefusedBearer[] = [];
  manager.on('refused', (refused) => heard.push(refused));
  return heard;
}

/** Returns a token of each kind that is refused, with the id of its session and the close reason. */
async function refusedTokens(manager: SessionManager) {
  const session = await manager.createSession('alice');
  const wrong = session.id + 'z'.repeat(40);
  await manager.rotateToken(session.id);
  const closed = await manager.createSession('bob');
  await closed.close('logout');
  return [
    { token: strange, id: strange.slice(0, 24), kind: 'unknown', reason: undefined },
    { token: wrong, id: session.id, kind: 'wrong-secret', reason: undefined },
    { token: session.token, id: session.id, kind: 'rotated', reason: undefined },
    { token: closed.token, id: closed.id, kind: 'closed', reason: 'logout' },
    { token: 'x', id: undefined, kind: 'unknown', reason: undefined },
  ] as const;
}

onEachAdapter('a refused bearer is reported once, with its kind and client, by every route', {}, async (t, kit) => {
  const heard = refusals(kit.manager);
  const cases = await refusedTokens(kit.manager);
  for (const { token, ...expected } of cases) {
    for (const [method, path] of [
      ['GET', '/poll?after='],
      ['GET', '/events'],
      ['POST', '/ack'],
      ['GET', '/sessions'],
    ] as const) {
      for (const credential of [{ token }, { cookie: `sid=${token}` }]) {
        // In a cookie, a text that is not a token is ignored, because others may have set the cookie.
        if (token === 'x' && 'cookie' in credential) continue;
        const headers = { 'User-Agent': 'Agent/1', 'Content-Type': 'application/json' };
        const body = method === 'POST' && { body: '{"cursor":"a.1.1"}' };
        const { status } = await kit.request(path, { method, ...credential, headers, ...body });
        t.is(status, 401);
        const [refused, ...others] = heard.splice(0);
        t.deepEqual(others, [], `${path} ${expected.kind}`);
        const { ip = '', ...rest } = refused ?? {};
        t.deepEqual(rest, { app: 'default', ...expected, userAgent: 'Agent/1' }, `${path} ${expected.kind}`);
        t.true(ip === '' || ip.endsWith('127.0.0.1'), ip);
        t.false(JSON.stringify(refused).includes(token === 'x' ? 'token' : token));
      }
    }
  }
});

onEachAdapter('a client is answered alike whether its token is unknown, wrong or rotated', {}, async (t, kit) => {
  const cases = await refusedTokens(kit.manager);
  const [unknown, ...others] = await Promise.all(
    cases.slice(0, 3).map(async ({ token }) => problemIn(await kit.request('/sessions', { token }))),
  );
  for (const other of others) t.deepEqual(other, unknown);
});

onEachAdapter('a page of another site is reported once, and only when it shows a token', {}, async (t, kit) => {
  const heard = refusals(kit.manager);
  const { id, token } = await kit.logIn();
  const cookie = `sid=${token}`;
  t.is((await kit.request('/poll?after=', { cookie, headers: evil })).status, 403);
  t.is((await kit.request('/events', { cookie, headers: evil })).status, 403);
  t.is((await kit.request('/sessions/current', { method: 'DELETE', cookie, headers: evil })).status, 403);
  t.deepEqual(
    heard.map(({ kind, id: named }) => [kind, named]),
    [
      ['cross-site', id],
      ['cross-site', id],
      ['cross-site', id],
    ],
  );
  heard.length = 0;
  await kit.request('/poll?after=', { headers: evil });
  await kit.request('/sessions');
  await kit.poll(token);
  await kit.request('/sessions', { token });
  t.deepEqual(heard, []);
});

onEachAdapter('of several cookies one refusal is reported, without an id', {}, async (t, kit) => {
  const heard = refusals(kit.manager);
  const [unknown, wrong, rotated] = await refusedTokens(kit.manager);
  const cookie = `sid=${unknown.token}; sid=${rotated.token}; sid=${wrong.token}`;
  await kit.request('/sessions', { cookie });
  await kit.request('/poll?after=', { cookie });
  t.deepEqual(
    heard.map(({ kind, id }) => [kind, id]),
    [
      ['rotated', undefined],
      ['rotated', undefined],
    ],
  );
  heard.length = 0;
  const { token } = await kit.logIn();
  await kit.request('/sessions', { cookie: `sid=${unknown.token}; sid=${token}` });
  t.deepEqual(heard, [], 'one of them was accepted');
});

test('a WebSocket upgrade reports a refused bearer once', async (t) => {
  const stage = await Stage.start(t);
  const heard = refusals(stage.manager);
  const { id, token } = await stage.logIn();
  await stage.manager.rotateToken(id);
  for (const options of [{ token }, { cookie: `sid=${token}` }, { cookie: `sid=${token}`, headers: evil }, {}]) {
    await stage.client(options).outcome;
  }
  t.deepEqual(
    heard.map(({ kind, id: named }) => [kind, named]),
    [
      ['rotated', id],
      ['rotated', id],
      ['cross-site', id],
    ],
  );
  t.true(heard.every(({ ip }) => ip.endsWith('127.0.0.1')));
});

test('Socket.IO reports a refused bearer once', async (t) => {
  const stage = await SocketIoStage.start(t);
  const heard = refusals(stage.service.manager);
  const { id, token } = await stage.logIn();
  await stage.service.manager.rotateToken(id);
  const transport = { transports: ['websocket'], reconnection: false };
  for (const options of [{ auth: { token } }, { extraHeaders: { cookie: `sid=${token}` } }, {}]) {
    const { socket } = stage.client({ ...transport, ...options });
    await new Promise((resolve) => socket.once('connect_error', resolve));
  }
  t.deepEqual(
    heard.map(({ kind, id: named }) => [kind, named]),
    [
      ['rotated', id],
      ['rotated', id],
    ],
  );
});

test('sessionFromRequest and the poll handler of express-session report refused bearers', async (t) => {
  const { manager } = await startService(t);
  const heard = refusals(manager);
  const { id, token } = await manager.createSession('alice');
  await manager.closeSession(id);
  const handle = pollHandler(manager, new Sids());
  const server = createServer((req, res) => {
    if (req.url === '/poll') handle(Object.assign(req, { sessionID: 'sid' }), res);
    else sessionFromRequest(req, manager).then((session) => res.end(session?.id ?? 'none'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  await request(port, '/', { token });
  await request(port, '/poll', { headers: { ...evil, Cookie: 'connect.sid=s%3Asid.x' } });
  await request(port, '/poll', { headers: evil });
  await request(port, '/poll', { headers: { Cookie: 'connect.sid=s%3Asid.x', 'Sec-Fetch-Site': 'same-origin' } });
  t.deepEqual(
    heard.map((refused) => [refused.kind, refused.id, refused.reason]),
    [
      ['closed', id, 'revoked'],
      ['cross-site', undefined, undefined],
    ],
  );
});

test('an application that authenticates by itself reports refused bearers; other errors are ignored', async (t) => {
  const { manager } = await startService(t);
  const heard = refusals(manager);
  const error = await throwsCode(t, manager.authenticate(strange), 'SESSION_UNKNOWN');
  const long = 'x'.repeat(1_000);
  manager.reportRefused(error, { token: strange, ip: long, userAgent: `${long}\ud800` });
  manager.reportRefused(new Error('other'), { token: strange });
  manager.reportRefused(await throwsCode(t, manager.push('x', 1, { key: '' }), 'INVALID_ARGUMENT'));
  await Promise.resolve();
  t.deepEqual(heard, [
    {
      app: 'default',
      id: strange.slice(0, 24),
      kind: 'unknown',
      reason: undefined,
      ip: long.slice(0, 64),
      userAgent: long.slice(0, 512),
    },
  ]);
});
