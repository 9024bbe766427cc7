import { once } from 'node:events';
import { createServer } from 'node:http';
import test, { type ExecutionContext } from 'ava';
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import { Strategy } from 'passport-local';
import {
  SessionMailboxStore,
  type SessionMailboxStoreOptions,
  sessionErrorHandler,
} from '../../src/express-session/index.js';
import type { SessionContextOptions } from '../../src/index.js';
import { portOf } from '../support/free-port.js';
import { warningsOf } from '../support/warnings.js';
import { Browser } from './browser.js';
import { startStore } from './kit.js';

declare module 'express-session' {
  interface SessionData {
    passport?: { user?: string };
    cart?: string;
  }
}

interface User {
  readonly id: string;
}

const byPassport: SessionMailboxStoreOptions = {
  accountOf: (data) => data.passport?.user,
  allowKeptSid: false,
};

/** Starts an application with Passport 0.7 and passport-local, as its documentation shows it. */
async function startApp(
  t: ExecutionContext,
  context: SessionContextOptions = {},
  options: SessionMailboxStoreOptions = byPassport,
) {
  const { manager, store, visitors } = await startStore(t, { context, store: options });
  const authenticator = new passport.Passport();
  authenticator.use(
    new Strategy((username, password, done) => done(null, password === 'right' ? { id: username } : false)),
  );
  authenticator.serializeUser((user, done) => done(null, (user as User).id));
  authenticator.deserializeUser((id: string, done) => done(null, { id }));
  const app = express();
  app.use(express.urlencoded({ extended: false }));
  app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }));
  app.use(authenticator.session());
  app.get('/login', (request, response, next) => {
    request.body = { username: request.query.user, password: request.query.password ?? 'right' };
    const keepSessionInfo = request.query.keep === 'yes';
    authenticator.authenticate('local', { keepSessionInfo })(request, response, (error?: unknown) => {
      if (error) next(error);
      else response.json('welcome');
    });
  });
  app.get('/logout', (request, response, next) => {
    request.logout({ keepSessionInfo: request.query.keep === 'yes' }, (error) => {
      if (error) next(error);
      else response.json('bye');
    });
  });
  app.get('/cart', (request, response) => {
    request.session.cart = 'three';
    response.json('kept');
  });
  app.get('/me', (request, response) => {
    response.json({ user: (request.user as User | undefined)?.id ?? null, cart: request.session.cart ?? null });
  });
  app.use(sessionErrorHandler);
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  const port = portOf(server);
  return { manager, store, visitors, browser: () => new Browser(port) };
}

test('a login by Passport is a session of the account: it is listed and counted, and closing the account ends it', async (t) => {
  const { manager, browser } = await startApp(t);
  const alice = browser();
  t.is((await alice.visit('login?user=alice')).status, 200);
  t.deepEqual((await alice.visit('me')).body, { user: 'alice', cart: null });
  const [listed, another] = await manager.sessionsOfAccount('alice');
  t.is(another, undefined);
  t.deepEqual(listed?.getAttr('passport'), { user: 'alice' });
  t.is(await manager.closeAccount('alice'), 1);
  t.deepEqual((await alice.visit('me')).body, { user: null, cart: null });
});

test('a login over the limit is answered 409, creates no session and breaks no connection', async (t) => {
  const { manager, browser, visitors } = await startApp(t, { maxSession: 3 });
  const browsers = [browser(), browser(), browser(), browser()];
  const statuses = [];
  for (const each of browsers) statuses.push((await each.visit('login?user=alice')).status);
  t.deepEqual(statuses, [200, 200, 200, 409]);
  const [first, , , fourth] = browsers;
  for (let round = 0; round < 30; round += 1) {
    t.deepEqual((await fourth?.visit('me'))?.body, { user: null, cart: null });
  }
  t.is((await manager.sessionsOfAccount('alice')).length, 3);
  t.is((await visitors.sessionsOfApp()).sessions.length, 3, 'nothing is left of the refused login');
  await first?.visit('logout');
  t.is((await fourth?.visit('login?user=alice'))?.status, 200);
});

test('a refused login gets a problem document and no cookie', async (t) => {
  const { browser } = await startApp(t, { maxSession: 1 });
  await browser().visit('login?user=alice');
  const { status, body, headers } = await browser().visit('login?user=alice');
  t.is(status, 409);
  t.is(headers.get('content-type'), 'application/problem+json');
  t.like(body, { status: 409, code: 'SESSION_LIMIT' });
  t.is(headers.get('set-cookie'), null);
});

test('a login with the cookie of a live session ends the old session, and counts once', async (t) => {
  const { manager, browser } = await startApp(t, { maxSession: 1 });
  const one = browser();
  await one.visit('login?user=alice');
  const [before] = await manager.sessionsOfAccount('alice');
  t.is((await one.visit('login?user=alice')).status, 200);
  const [after, another] = await manager.sessionsOfAccount('alice');
  t.not(after?.id, before?.id);
  t.is(another, undefined);
  t.is((await one.visit('login?user=bob&keep=yes')).status, 200);
  t.deepEqual((await one.visit('me')).body, { user: 'bob', cart: null });
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
});

test('a logout ends the session of the account, and with keepSessionInfo the other data stays', async (t) => {
  const { manager, browser } = await startApp(t);
  const one = browser();
  await one.visit('login?user=alice');
  await one.visit('cart');
  t.is((await one.visit('logout?keep=yes')).status, 200);
  t.deepEqual((await one.visit('me')).body, { user: null, cart: 'three' });
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
  await one.visit('login?user=alice');
  await one.visit('logout');
  t.deepEqual((await one.visit('me')).body, { user: null, cart: null });
  t.deepEqual(await manager.sessionsOfAccount('alice'), []);
});

test('data that names an account to which its sid is not bound is not given to any request', async (t) => {
  const { store } = await startApp(t);
  const { store: before } = await startStore(t);
  const cookie = { originalMaxAge: null };
  const data = { cookie, passport: { user: 'alice' } } as unknown as session.SessionData;
  await before.set('sid', data);
  t.like(await before.get('sid'), { passport: { user: 'alice' } }, 'without accountOf it is a visitor');
  await store.set('sid', { cookie } as unknown as session.SessionData);
  const visitor = await store.sessionOf('sid');
  await visitor?.setAttr('passport', { user: 'alice' });
  t.is(await store.get('sid'), undefined);
  await visitor?.removeAttr('passport');
  t.truthy(await store.get('sid'));
});

test('an invalid result of accountOf is refused, and so is an accountOf that throws', async (t) => {
  const { manager, store } = await startStore(t, { store: { accountOf: (data) => data.passport?.user } });
  const cookie = { originalMaxAge: null };
  const save = (data: object) => store.set('sid', { cookie, ...data } as unknown as session.SessionData);
  await t.throwsAsync(save({ passport: { user: { id: 5 } } }), { code: 'INVALID_ARGUMENT', message: /accountOf/ });
  const { store: throwing } = await startStore(t, {
    store: {
      accountOf: () => {
        throw new Error('no');
      },
    },
  });
  const saved = throwing.set('sid', { cookie } as unknown as session.SessionData);
  await t.throwsAsync(saved, { code: 'INVALID_ARGUMENT', message: /accountOf must not throw/ });
  t.throws(() => new SessionMailboxStore(manager, { accountOf: () => undefined, accountKey: 'user' }), {
    code: 'INVALID_CONTEXT',
  });
});

test.serial('an application that does not bind its logins by Passport gets one warning', async (t) => {
  const { browser } = await startApp(t, { maxSession: 3 }, {});
  const warnings = await warningsOf(async () => {
    await browser().visit('login?user=alice');
    await browser().visit('login?user=alice');
  });
  t.is(warnings.length, 1);
  t.regex(warnings[0]?.message ?? '', /Passport has logged a user in: maxSession \(3\) limits no account/);
});

test.serial('an application that binds its logins, or that sets no limit, gets no warning', async (t) => {
  const apps = [await startApp(t), await startApp(t, { maxSession: 0 }, {})];
  const warnings = await warningsOf(async () => {
    for (const { browser } of apps) await browser().visit('login?user=alice');
  });
  t.deepEqual(warnings, []);
});

test.serial('an application that saves a hundred sessions and binds none gets one warning', async (t) => {
  const { store } = await startStore(t);
  const warnings = await warningsOf(async () => {
    for (let count = 0; count < 250; count += 1) {
      await store.set(`sid-${count}`, { cookie: { originalMaxAge: null } } as unknown as session.SessionData);
    }
  });
  t.is(warnings.length, 1);
  t.regex(warnings[0]?.message ?? '', /^100 sessions were saved, and none was bound to an account/);
});
