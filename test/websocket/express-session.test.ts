import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import session from 'express-session';
import { fastify } from 'fastify';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import { type WebSocket, WebSocketServer } from 'ws';
import { SessionMailboxStore } from '../../src/express-session/index.js';
import type { JsonValue, Session, SessionManager } from '../../src/index.js';
import { authenticateUpgrade, type RequestSessionOptions, socketIoSession } from '../../src/websocket/index.js';
import { request } from '../support/http-client.js';
import { startService } from '../support/service.js';
import { Client } from './client.js';
import { expressCookie } from './express-cookie.js';

const secret = 'a secret of at least thirty-two characters';
const oldSecret = 'an older secret of thirty-two characters';

/** The session data of the applications, for either session package. */
interface Data {
  accountId?: string;
  [key: string]: unknown;
}

interface Shop {
  readonly manager: SessionManager;
  readonly port: number;
  /** Requests the path with the cookie; resolves with the answer and the cookie to send next. */
  visit(path: string, cookie?: string): Promise<{ readonly body: string; readonly cookie: string }>;
  connect(cookie: string): Client;
}

type Serve = (store: SessionMailboxStore) => Promise<Server>;

/** Starts an application and its WebSockets on one port, both with the sessions of one service. */
async function open(t: ExecutionContext, serve: Serve, cookies: Omit<NonNullable<Expected>, 'store'>): Promise<Shop> {
  const { manager } = await startService(t);
  const store = new SessionMailboxStore(manager, { allowKeptSid: true });
  const server = await serve(store);
  const webSocketServer = new WebSocketServer({ noServer: true });
  authenticateUpgrade(server, manager, { webSocketServer, path: '/ws', expressSession: { store, ...cookies } });
  webSocketServer.on('connection', (socket: WebSocket, _request: IncomingMessage, visitor: Session) => {
    socket.on('message', (data) => void answer(visitor, String(data)).then((text) => socket.send(text)));
  });
  const socketIo = new SocketIoServer(server, { destroyUpgrade: false });
  socketIo.use(socketIoSession(manager, { expressSession: { store, ...cookies } }));
  t.teardown(async () => {
    store.close();
    for (const client of webSocketServer.clients) client.terminate();
    await socketIo.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    manager,
    port,
    visit: async (path, cookie = '') => {
      const response = await request(port, path, { cookie });
      return { body: response.body, cookie: (response.headers.get('set-cookie') ?? cookie).split(';')[0] ?? '' };
    },
    connect: (cookie) => new Client(port, { path: '/ws', cookie }),
  };
}

type Expected = RequestSessionOptions['expressSession'];

async function answer(visitor: Session, text: string): Promise<string> {
  const { key, value }: { key: string; value?: JsonValue } = JSON.parse(text);
  if (value !== undefined) await visitor.setAttr(key, value);
  await visitor.reload();
  return JSON.stringify(visitor.getAttr(key) ?? null);
}

/** Handles `/set/<key>/<value>`, `/get/<key>` and `/leave`. Setting the key `accountId` is a login. */
function act(data: Data, [, action = '', key = '', value = '']: readonly string[], leave: () => Promise<void>) {
  if (action === 'set') data[key] = value;
  return action === 'leave' ? leave() : Promise.resolve(data[key] ?? null);
}

const withExpress =
  (secrets: string | string[]): Serve =>
  async (store) => {
    const app = express().set('env', 'test');
    app.use(session({ store, secret: secrets, resave: false, saveUninitialized: false }));
    app.get('/login/:name', (req, res) => {
      // Required at a login: otherwise a session id that an attacker planted would be logged in (session fixation).
      req.session.regenerate(() => {
        Object.assign(req.session, { accountId: req.params.name });
        res.json('welcome');
      });
    });
    app.use((req, res) => {
      const leave = () =>
        new Promise<void>((resolve, reject) => {
          req.session.destroy((error) => (error ? reject(error) : resolve()));
        });
      act(req.session as unknown as Data, req.path.split('/'), leave).then((result) => res.json(result ?? null));
    });
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return server;
  };

const withFastify =
  (prefix: object): Serve =>
  async (store) => {
    const app = fastify();
    await app.register(fastifyCookie);
    await app.register(fastifySession, {
      store,
      secret,
      cookie: { secure: false },
      saveUninitialized: false,
      ...prefix,
    });
    app.get('/*', async (req) => {
      const leave = () => req.session.destroy();
      return JSON.stringify((await act(req.session as unknown as Data, req.url.split('/'), leave)) ?? null);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  };

const kinds: readonly (readonly [string, Serve, Omit<NonNullable<Expected>, 'store'>])[] = [
  ['express-session', withExpress(secret), { secret }],
  ['@fastify/session with the prefix s:', withFastify({ cookiePrefix: 's:' }), { secret, cookieName: 'sessionId' }],
  ['@fastify/session as it comes', withFastify({}), { secret, cookieName: 'sessionId', cookiePrefix: '' }],
];

for (const [name, serve, cookies] of kinds) {
  test(`${name}: attributes set over HTTP are read in the socket, and the other way round`, async (t) => {
    const shop = await open(t, serve, cookies);
    const { cookie } = await shop.visit('/set/accountId/alice');
    const client = await shop.connect(cookie).opened();
    await shop.visit('/set/theme/dark', cookie);
    t.is(await client.ask({ key: 'theme' }), 'dark');
    t.is(await client.ask({ key: 'cart', value: 'three' }), 'three');
    t.is((await shop.visit('/get/cart', cookie)).body, '"three"');
  });

  test(`${name}: a logout over HTTP, or closing the account, closes the socket`, async (t) => {
    const shop = await open(t, serve, cookies);
    const { cookie } = await shop.visit('/set/accountId/alice');
    const client = await shop.connect(cookie).opened();
    await shop.visit('/leave', cookie);
    t.is((await client.closed).code, 4005);
    t.is((await shop.connect(cookie).refused()).status, 401);
    const again = (await shop.visit('/set/accountId/alice')).cookie;
    const second = await shop.connect(again).opened();
    await shop.manager.closeAccount('alice');
    t.is((await second.closed).code, 4004);
    t.is((await shop.visit('/get/accountId', again)).body, 'null', 'nor is it a session over HTTP');
  });

  test(`${name}: a visitor without a login can open a socket`, async (t) => {
    const shop = await open(t, serve, cookies);
    const { cookie } = await shop.visit('/set/theme/dark');
    const client = await shop.connect(cookie).opened();
    t.is(await client.ask({ key: 'theme' }), 'dark');
    t.is((await shop.manager.sessionsOfApp()).sessions.length, 0);
    await shop.visit('/leave', cookie);
    t.is((await client.closed).code, 4005);
  });

  test(`${name}: Socket.IO shares the session too`, async (t) => {
    const shop = await open(t, serve, cookies);
    const { cookie } = await shop.visit('/set/accountId/alice');
    const options = { forceNew: true, transports: ['websocket'], extraHeaders: { cookie } };
    const socket = io(`http://127.0.0.1:${shop.port}`, options);
    t.teardown(() => void socket.close());
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve).once('connect_error', reject);
    });
    const notice = new Promise<unknown>((resolve) => socket.once('session-closed', resolve));
    await shop.visit('/leave', cookie);
    t.like(await notice, { code: 'logout' });
  });

  test(`${name}: a cookie whose signature was tampered with is 401`, async (t) => {
    const shop = await open(t, serve, cookies);
    const { cookie } = await shop.visit('/set/accountId/alice');
    const last = cookie.at(-1) === 'A' ? 'B' : 'A';
    t.is((await shop.connect(`${cookie.slice(0, -1)}${last}`).refused()).status, 401);
    t.is((await shop.connect(`${cookie}x`).refused()).status, 401);
    await shop.connect(cookie).opened();
  });
}

test('a login that regenerates closes the visitor’s socket, and the new cookie opens the account’s', async (t) => {
  const shop = await open(t, withExpress(secret), { secret });
  const visitor = (await shop.visit('/set/theme/dark')).cookie;
  const before = await shop.connect(visitor).opened();
  const { cookie } = await shop.visit('/login/alice', visitor);
  t.not(cookie, visitor);
  t.is((await before.closed).code, 4005);
  t.is((await shop.connect(visitor).refused()).status, 401);
  const after = await shop.connect(cookie).opened();
  t.is(await after.ask({ key: 'accountId' }), 'alice');
});

test('after a login that keeps the session id, the open socket stays the visitor’s', async (t) => {
  const shop = await open(t, withExpress(secret), { secret });
  const { cookie } = await shop.visit('/set/theme/dark');
  const before = await shop.connect(cookie).opened();
  await shop.visit('/set/accountId/alice', cookie);
  t.is(await before.ask({ key: 'accountId' }), null, 'nothing of the account is to be had there');
  const after = await shop.connect(cookie).opened();
  t.is(await after.ask({ key: 'accountId' }), 'alice');
  await shop.visit('/leave', cookie);
  t.is((await before.closed).code, 4005);
  t.is((await after.closed).code, 4005);
});

test('a cookie signed with an older secret of the array is accepted by the socket, as over HTTP', async (t) => {
  const secrets = [secret, oldSecret];
  const shop = await open(t, withExpress(secrets), { secret: secrets });
  const { cookie } = await shop.visit('/set/accountId/alice');
  const sid = decodeURIComponent(cookie).slice('connect.sid=s:'.length).split('.')[0] ?? '';
  const old = expressCookie(sid, oldSecret);
  t.is((await shop.visit('/get/accountId', old)).body, '"alice"');
  const client = await shop.connect(old).opened();
  t.is(await client.ask({ key: 'accountId' }), 'alice');
  t.is((await shop.connect(expressCookie(sid, 'a foreign secret')).refused()).status, 401);
});
