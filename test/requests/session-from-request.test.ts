import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { SessionError, type SessionManager, SessionStore } from '../../src/index.js';
import { type RequestSessionOptions, sessionFromRequest } from '../../src/requests/index.js';
import { cuttable, cuttableStore } from '../support/http-away-store.js';
import { type RequestOptions, request } from '../support/http-client.js';
import { startService } from '../support/service.js';
import { expressCookie, Sids, signed } from '../websocket/express-cookie.js';

/** Starts a server that answers with the account of the request's session, with `none`, or with the code of an error. */
async function serve(t: ExecutionContext, manager: SessionManager, options?: RequestSessionOptions) {
  const server = createServer((req, res) => {
    sessionFromRequest(req, manager, options).then(
      (session) => res.end(session?.accountId ?? 'none'),
      (error) => res.end(SessionError.is(error) ? error.code : String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return async (requestOptions: RequestOptions = {}) => (await request(port, '/', requestOptions)).body;
}

test('the session is found by the token’s cookie or a bearer header, and renewed', async (t) => {
  const { manager, clock } = await startService(t);
  const ask = await serve(t, manager);
  const { id, token } = await manager.createSession('alice');
  await clock.advance(1_000);
  t.is(await ask({ cookie: `theme=dark; sid=${token}` }), 'alice');
  t.is((await manager.getSession(id)).lastTime, clock.now());
  t.is(await ask({ token }), 'alice');
  t.is(await ask({ headers: { Authorization: `bearer  ${token} ` } }), 'alice');
});

test('a request without a session, or with one that ended, gives undefined', async (t) => {
  const { manager } = await startService(t);
  const ask = await serve(t, manager);
  const session = await manager.createSession('alice');
  await session.close();
  t.is(await ask(), 'none');
  t.is(await ask({ cookie: `sid=${session.token}` }), 'none');
  t.is(await ask({ token: 'x' }), 'none');
  t.is(await ask({ headers: { Authorization: 'Basic YTpi' } }), 'none');
});

test('an unavailable store is an error, not a missing session', async (t) => {
  const { manager, container } = await startService(t, {}, { store: cuttableStore });
  const ask = await serve(t, manager);
  const { token } = await manager.createSession('alice');
  cuttable(container.get(SessionStore)).isAway = true;
  t.is(await ask({ token }), 'STORE_UNAVAILABLE');
  t.is(await ask(), 'none');
});

test('with secure only __Host-sid counts, without it only sid', async (t) => {
  const { manager } = await startService(t);
  const { token } = await manager.createSession('alice');
  const [open, secure] = [await serve(t, manager), await serve(t, manager, { secure: true })];
  t.is(await open({ cookie: `__Host-sid=${token}` }), 'none');
  t.is(await open({ cookie: `sid=${token}` }), 'alice');
  t.is(await secure({ cookie: `__Host-sid=${token}` }), 'alice');
  t.is(await secure({ cookie: `sid=${token}` }), 'none');
});

test('of several credentials a bearer header overrides cookies, and the only live one of several cookies counts', async (t) => {
  const { manager } = await startService(t);
  const ask = await serve(t, manager);
  const [alice, bob] = [await manager.createSession('alice'), await manager.createSession('bob')];
  const unknown = '0'.repeat(64);
  type Case = readonly [account: string, cookie: string, authorization?: string];
  const cases: readonly Case[] = [
    ['none', `sid=${alice.token}; sid=${bob.token}`],
    ['none', `sid=!!!; sid=${bob.token}; sid=${alice.token}`],
    ['alice', `sid=x; sid=${alice.token}`],
    ['alice', `sid=${unknown}; sid=${alice.token}`],
    ['alice', `sid=${alice.token}; sid=${alice.token}`],
    ['bob', `sid=${alice.token}`, `Bearer ${bob.token}`],
    ['none', `sid=${alice.token}`, 'Bearer x'],
    ['alice', `sid=${alice.token}`, 'Bearer not-a-token!'],
    ['alice', `sid=${alice.token}`, 'Bearer'],
    ['none', `sid="${alice.token}"`],
    ['none', `sid =${alice.token}`],
    ['none', `\xa0sid=${alice.token}`],
  ];
  for (const [account, cookie, authorization] of cases) {
    const headers = authorization === undefined ? {} : { Authorization: authorization };
    t.is(await ask({ cookie, headers }), account, JSON.stringify([cookie, headers]));
  }
});

test('the session of an express-session cookie is found with any of the secrets, and renewed', async (t) => {
  const { manager, clock } = await startService(t);
  const store = new Sids();
  const session = await manager.createSession('alice');
  store.set('the-sid', session);
  const ask = await serve(t, manager, { expressSession: { store, secret: ['new', 'middle', 'old'] } });
  await clock.advance(1_000);
  for (const secret of ['new', 'middle', 'old']) t.is(await ask({ cookie: expressCookie('the-sid', secret) }), 'alice');
  t.is((await manager.getSession(session.id)).lastTime, clock.now());
  t.is(await ask({ cookie: expressCookie('the-sid', 'older') }), 'none');
  t.is(await ask({ cookie: expressCookie('another-sid', 'new') }), 'none');
});

test('an express-session cookie is ignored without the option expressSession', async (t) => {
  const { manager } = await startService(t);
  const ask = await serve(t, manager);
  t.is(await ask({ cookie: expressCookie('the-sid', 'secret') }), 'none');
});

test('the options cookieName and cookiePrefix set the name and the prefix of the cookie', async (t) => {
  const { manager } = await startService(t);
  const store = new Sids();
  store.set('the-sid', await manager.createSession('alice'));
  const named = await serve(t, manager, { expressSession: { store, secret: 'secret', cookieName: 'app.sid' } });
  t.is(await named({ cookie: expressCookie('the-sid', 'secret', 'app.sid') }), 'alice');
  t.is(await named({ cookie: expressCookie('the-sid', 'secret') }), 'none');
  const bare = { store, secret: 'secret', cookieName: 'sessionId', cookiePrefix: '' };
  const fastify = await serve(t, manager, { expressSession: bare });
  t.is(await fastify({ cookie: `sessionId=${encodeURIComponent(signed('the-sid', 'secret'))}` }), 'alice');
  t.is(await fastify({ cookie: expressCookie('the-sid', 'secret', 'sessionId') }), 'none');
});

test('the token’s cookie overrides that of express-session, unless its session has ended', async (t) => {
  const { manager } = await startService(t);
  const store = new Sids();
  const [own, foreign] = [await manager.createSession('alice'), await manager.createSession('bob')];
  store.set('the-sid', foreign);
  const ask = await serve(t, manager, { expressSession: { store, secret: 'secret' } });
  const cookie = `${expressCookie('the-sid', 'secret')}; sid=${own.token}`;
  t.is(await ask({ cookie }), 'alice');
  t.deepEqual(store.asked, []);
  await own.close();
  t.is(await ask({ cookie }), 'bob');
  t.is(await ask({ cookie, token: own.token }), 'none', 'a bearer token overrides any cookie');
  await foreign.close();
  t.is(await ask({ cookie }), 'none');
});

test('a session of another app, such as a visitor’s, is found by its cookie too', async (t) => {
  const { manager } = await startService(t);
  const store = new Sids();
  store.set('the-sid', await manager.inApp('visitors').createSession('visitor'));
  const ask = await serve(t, manager, { expressSession: { store, secret: 'secret' } });
  t.is(await ask({ cookie: expressCookie('the-sid', 'secret') }), 'visitor');
});
