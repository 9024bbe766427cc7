import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import session from 'express-session';
import { sessionErrorHandler } from '../../src/express-session/index.js';
import { portOf } from '../support/free-port.js';
import { warningsOf } from '../support/warnings.js';
import { startStore } from './kit.js';

/** Starts an application in which an account may have one session. */
async function startApp(t: ExecutionContext, answersErrors: boolean) {
  const { manager, store } = await startStore(t, { context: { maxSession: 1 }, store: { allowKeptSid: false } });
  const app = express();
  app.set('env', 'test');
  app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }));
  app.get('/login', (request, response, next) => {
    request.session.regenerate((error) => {
      if (error) return next(error);
      Object.assign(request.session, { accountId: 'alice' });
      request.session.save((failure) => (failure ? next(failure) : response.json('welcome')));
    });
  });
  app.get('/careless', (request, response) => {
    Object.assign(request.session, { accountId: 'alice' });
    response.json('welcome');
  });
  app.get('/give-up', (request, response, next) => {
    request.session.regenerate((error) => {
      if (error) return next(error);
      Object.assign(request.session, { accountId: 'alice' });
      request.session.save((failure) => {
        Reflect.deleteProperty(request.session, 'accountId');
        Object.assign(request.session, { flash: 'Too many devices' });
        response.json(failure.code);
      });
    });
  });
  app.get('/retry', (request, response, next) => {
    request.session.regenerate((error) => {
      if (error) return next(error);
      Object.assign(request.session, { accountId: 'alice' });
      request.session.save(async (failure) => {
        await manager.closeAccount('alice');
        request.session.save((again) => {
          if (again) return next(again);
          Object.assign(request.session, { cart: 3 });
          response.json(failure.code);
        });
      });
    });
  });
  app.get('/bad-value', (request, response) => {
    Object.assign(request.session, { nick: '\ud800', views: 7 });
    request.session.save((failure) => {
      Reflect.deleteProperty(request.session, 'nick');
      response.json(failure.code);
    });
  });
  app.get('/bug', () => {
    throw new TypeError('a bug');
  });
  app.get('/foreign-limit', async (request, response) => {
    Object.assign(request.session, { theme: 'dark' });
    await manager.createSession('alice');
    response.json('created');
  });
  app.get('/look', (request, response) => {
    response.json(Object.keys(request.session).filter((key) => key !== 'cookie'));
  });
  if (answersErrors) app.use(sessionErrorHandler);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => {
    agent.destroy();
    server.close();
    server.closeAllConnections();
  });
  /** Sends a request. All requests use the same connection. */
  const get = async (path: string, cookie?: string) => {
    const sent = request({ port: portOf(server), path: `/${path}`, agent, headers: cookie ? { cookie } : {} }).end();
    const [response] = await once(sent, 'response');
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    const { statusCode, headers } = response;
    return {
      status: statusCode,
      type: headers['content-type'],
      cookie: headers['set-cookie']?.[0]?.split(';')[0],
      text,
    };
  };
  return { manager, get };
}

test('a login that the limit refuses is answered 409 with a problem document, and the connection stays usable', async (t) => {
  const { manager, get } = await startApp(t, true);
  t.is((await get('login')).status, 200);
  for (let round = 0; round < 5; round += 1) {
    const { status, type, cookie, text } = await get('login');
    t.deepEqual([status, type, cookie], [409, 'application/problem+json', undefined]);
    t.is(JSON.parse(text).code, 'SESSION_LIMIT');
    t.is((await get('look')).text, '[]');
  }
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
});

test('without the error handler Express also answers 409 and keeps the connection, and the login is never completed later', async (t) => {
  const { manager, get } = await startApp(t, false);
  await get('login');
  const { status, cookie } = await get('login');
  t.is(status, 409);
  t.is((await get('look', cookie)).text, '[]');
  const [first] = await manager.sessionsOfAccount('alice');
  await first?.close();
  t.is((await get('look', cookie)).text, '[]');
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
});

test('the data that a request stores after it has removed a refused login is kept', async (t) => {
  const { manager, get } = await startApp(t, true);
  await manager.createSession('alice');
  const { text, cookie } = await get('give-up');
  t.is(text, '"SESSION_LIMIT"');
  t.is((await get('look', cookie)).text, '["flash"]');
});

test('the data that a request stores after a refused login has succeeded at the second try is kept', async (t) => {
  const { manager, get } = await startApp(t, true);
  await manager.createSession('alice');
  const { text, cookie } = await get('retry');
  t.is(text, '"SESSION_LIMIT"');
  t.is((await get('look', cookie)).text, '["accountId","cart"]');
});

test('the data that a request of a login stores after a value was refused is kept', async (t) => {
  const { get } = await startApp(t, true);
  const { cookie } = await get('login');
  t.is((await get('bad-value', cookie)).text, '"INVALID_ARGUMENT"');
  t.is((await get('look', cookie)).text, '["accountId","views"]');
});

test('the error handler passes other errors than SessionError on, and destroys only the session of a refused login', async (t) => {
  const { manager, get } = await startApp(t, true);
  t.is((await get('bug')).status, 500);
  await manager.createSession('alice');
  const { status, cookie } = await get('foreign-limit');
  t.is(status, 409);
  t.is((await get('look', cookie)).text, '["theme"]');
});

test.serial(
  'a refused login that the application did not save before the answer is reported, and the connection stays usable',
  async (t) => {
    const { manager, get } = await startApp(t, true);
    await manager.createSession('alice');
    const warnings = await warningsOf(async () => {
      t.is((await get('careless')).text, '"welcome"');
      t.is((await get('look')).status, 200);
    });
    t.deepEqual(
      warnings.map(({ message }) => message.split('\n')[0]),
      ['A session could not be saved after the answer was sent'],
    );
  },
);
