import { createServer, type IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import { SessionError, startSessions } from '../../src/index.js';
import { type SessionHandler, type SessionRouteOptions, sessionHandler } from '../../src/node/index.js';
import { Connection, type RawResponse, type RequestOptions, request } from '../support/http-client.js';
import { until } from '../support/http-kit.js';
import { warningsOf } from '../support/warnings.js';

type Listener = Parameters<typeof createServer>[1] & {};

async function service(t: ExecutionContext) {
  const { sessions, stop } = await startSessions();
  t.teardown(stop);
  return sessions;
}

async function listen(t: ExecutionContext, listener: Listener) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  const { port } = server.address() as AddressInfo;
  return (path: string, options?: RequestOptions): Promise<RawResponse> => request(port, path, options);
}

/** Starts a server whose application answers 418 to every request that the handler leaves to it. */
async function serve(t: ExecutionContext, options: SessionRouteOptions = {}) {
  const sessions = await service(t);
  const handle = sessionHandler(sessions, options);
  const ask = await listen(t, (incoming, response) => {
    if (!handle(incoming, response)) response.writeHead(418).end();
  });
  return { sessions, ask, handle };
}

// The types of Express 5 also fit the parts of Express 4 that are used here.
const express4: typeof express = createRequire(import.meta.url)('express4');

test('the handler leaves every request for other routes to the application', async (t) => {
  const { ask } = await serve(t);
  const others: [string, string][] = [
    ['GET', '/'],
    ['GET', '/polls'],
    ['GET', '/poll/'],
    ['GET', '/sessions/current'],
    ['GET', '//poll'],
    ['POST', '/poll'],
    ['PUT', '/sessions'],
    ['DELETE', '/sessions/'],
    ['DELETE', '/sessions/a/b'],
    ['OPTIONS', '/poll'],
    ['OPTIONS', '/other'],
  ];
  for (const [method, path] of others) t.is((await ask(path, { method })).status, 418, `${method} ${path}`);
});

test('the option path is the prefix of all routes', async (t) => {
  const { sessions, ask } = await serve(t, { path: '/api/v1/' });
  const { token } = await sessions.createSession('alice');
  t.is((await ask('/poll?after=&wait=0', { token })).status, 418);
  t.is((await ask('/api/v1/poll?after=&wait=0', { token })).status, 200);
  t.is((await ask('/api/v1/sessions/current', { method: 'DELETE', token })).status, 204);
});

test('an unknown or invalid option is refused', async (t) => {
  const sessions = await service(t);
  for (const options of [
    { path: 'api/' },
    { path: '/api' },
    { path: '/a?b/' },
    { app: 'a b' },
    { trustedOrigin: [] },
  ]) {
    const error = t.throws(() => sessionHandler(sessions, options));
    t.true(SessionError.is(error, 'INVALID_CONTEXT'));
    t.regex(String(error), /sessionHandler/);
  }
});

test('login and logout keep the other cookies of the response', async (t) => {
  const { sessions, handle } = await serve(t, { secure: true });
  const ask = await listen(t, async (incoming, response) => {
    response.setHeader('set-cookie', 'theme=dark');
    if (incoming.url === '/login') handle.login(response, await sessions.createSession('alice'));
    else handle.logout(response);
    response.end();
  });
  const cookiesOf = ({ rawHeaders }: RawResponse) =>
    rawHeaders.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  const [theme, sid = ''] = cookiesOf(await ask('/login'));
  t.is(theme, 'theme=dark');
  t.regex(sid, /^__Host-sid=[0-9A-Za-z]{64}; Path=\/; HttpOnly; SameSite=Lax; Secure; Max-Age=2592000$/);
  t.deepEqual(cookiesOf(await ask('/logout')), [
    'theme=dark',
    '__Host-sid=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0',
  ]);
});

for (const [name, app] of [
  ['Express 5', express()],
  ['Express 4', express4()],
] as const) {
  test(`in ${name} the handler serves its routes below a mount path, and passes others on`, async (t) => {
    const sessions = await service(t);
    const handle: SessionHandler = sessionHandler(sessions);
    app.use('/api', (incoming, response, next) => {
      if (!handle(incoming, response)) next();
    });
    app.get('/api/me', (_incoming, response) => {
      response.json('me');
    });
    const ask = await listen(t, app);
    const { id, token } = await sessions.createSession('alice');
    await sessions.push(id, 'hi');
    t.like(JSON.parse((await ask('/api/poll?after=', { token })).body), { messages: [{ data: 'hi' }] });
    t.is((await ask('/api/me')).body, '"me"');
  });
}

for (const [name, framework] of [
  ['Express 5', express],
  ['Express 4', express4],
] as const) {
  for (const [parser, middleware] of [
    ['a parser of JSON', framework.json()],
    ['a parser of forms alone', framework.urlencoded({ extended: false })],
  ] as const) {
    test(`in ${name} an acknowledgement is accepted behind ${parser}`, async (t) => {
      const sessions = await service(t);
      const handle = sessionHandler(sessions);
      const app = framework();
      app.use(middleware, (incoming, response, next) => {
        if (!handle(incoming, response)) next();
      });
      const ask = await listen(t, app);
      const { id, token } = await sessions.createSession('alice');
      await sessions.push(id, 'hi');
      const { cursor } = JSON.parse((await ask('/poll?after=', { token })).body);
      const headers = { 'content-type': 'application/json' };
      const answer = await ask('/ack', { method: 'POST', token, headers, body: JSON.stringify({ cursor }) });
      t.is(answer.status, 204, answer.body);
      t.is((await sessions.getSession(id)).undelivered, 0);
      t.is((await ask('/ack', { method: 'POST', token, headers, body: '{}' })).status, 400);
    });
  }
}

test.serial('a client that disconnects during the body of its acknowledgement causes no process warning', async (t) => {
  const sessions = await service(t);
  const { token } = await sessions.createSession('alice');
  const handle = sessionHandler(sessions);
  const received: IncomingMessage[] = [];
  const server = createServer((incoming, response) => {
    received.push(incoming);
    handle(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  const caused = await warningsOf(async () => {
    for (const leave of ['close', 'reset'] as const) {
      received.length = 0;
      const connection = await Connection.open(port);
      t.teardown(() => connection.close());
      connection.send('/ack', { method: 'POST', token, headers: { 'Content-Length': '100' } }).sendRaw('{"cur');
      await until(() => received.length === 1);
      connection[leave]();
      await until(() => received[0]?.closed === true);
    }
    t.is((await request(port, '/ack', { method: 'POST', token, body: '{}' })).status, 400);
  });
  t.deepEqual(caused, []);
});
