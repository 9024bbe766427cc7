import 'reflect-metadata';
import { createServer } from 'node:http';
import test from 'ava';
import express from 'express';
import { WebSocketServer } from 'ws';
import { buildRestServer } from '../../src/compat/redis-sessions/rest/index.js';
import { consoleFetchHandler } from '../../src/console/fetch.js';
import { consoleHandler } from '../../src/console/node.js';
import { ackHandler, eventHandler, pollHandler, SessionMailboxStore } from '../../src/express-session/index.js';
import { fastLane } from '../../src/fast-lane/index.js';
import { sessionFetchHandler } from '../../src/fetch/index.js';
import {
  AckController,
  Credentials,
  EventController,
  OriginPolicy,
  SessionController,
  SessionCookie,
  SessionGuard,
  SessionHttpOptions,
} from '../../src/http/index.js';
import { SessionError, startSessions } from '../../src/index.js';
import { observeStore, readMeasures } from '../../src/metrics/index.js';
import { metrics as openTelemetry } from '../../src/metrics/opentelemetry.js';
import { metrics as prometheus } from '../../src/metrics/prometheus.js';
import { sessionHandler } from '../../src/node/index.js';
import { limitUnanswered, sessionFromRequest } from '../../src/requests/index.js';
import { authenticateUpgrade, socketIoSession, streamMailbox } from '../../src/websocket/index.js';
import { importBuilt } from '../support/built-package.js';

/** Functions as callers without types see them. */
type Untyped = (...args: readonly unknown[]) => unknown;

function untyped(made: unknown): Untyped {
  return (...args) => (typeof made === 'function' ? Reflect.apply(made, undefined, args) : undefined);
}

const webSocketServer = new WebSocketServer({ noServer: true });
const sids = { sessionOf: async () => undefined };
const guard = () => 'operator';
const httpOptions = new SessionHttpOptions();
const origins = new OriginPolicy({ secure: false });
const cookie = new SessionCookie(httpOptions);
const credentials = new Credentials('sessionHttpModule', { secure: false, expressSession: undefined });
const request = new Request('http://127.0.0.1/');

/** Every function that takes a manager, with otherwise right arguments. */
const anyCopy: Readonly<Record<string, (manager: unknown) => unknown>> = {
  sessionHandler: (manager) => untyped(sessionHandler)(manager),
  sessionFetchHandler: (manager) => untyped(sessionFetchHandler)(manager),
  sessionFromRequest: (manager) => untyped(sessionFromRequest)(request, manager),
  pollHandler: (manager) => untyped(pollHandler)(manager, sids),
  eventHandler: (manager) => untyped(eventHandler)(manager, sids),
  ackHandler: (manager) => untyped(ackHandler)(manager, sids),
  // `PollController` gets its manager by `PollApp`.
  EventController: (manager) => Reflect.construct(EventController, [manager, credentials, origins, httpOptions]),
  AckController: (manager) => Reflect.construct(AckController, [manager, credentials, origins, httpOptions]),
  SessionController: (manager) => Reflect.construct(SessionController, [manager, cookie, httpOptions]),
  SessionGuard: (manager) => Reflect.construct(SessionGuard, [manager, credentials, origins, httpOptions]),
};
const sameCopy: Readonly<Record<string, (manager: unknown) => unknown>> = {
  fastLane: (manager) => untyped(fastLane)(createServer(), manager),
  consoleHandler: (manager) => untyped(consoleHandler)(manager, { guard }),
  consoleFetchHandler: (manager) => untyped(consoleFetchHandler)(manager, { guard }),
  SessionMailboxStore: (manager) => Reflect.construct(SessionMailboxStore, [manager]),
  authenticateUpgrade: (manager) => untyped(authenticateUpgrade)(createServer(), manager, { webSocketServer }),
  socketIoSession: (manager) => untyped(socketIoSession)(manager),
  streamMailbox: (manager) => untyped(streamMailbox)(manager),
  readMeasures: (manager) => untyped(readMeasures)(manager),
  observeStore: (manager) => untyped(observeStore)(manager),
  'metrics for Prometheus': (manager) => untyped(prometheus)(manager),
  'metrics for OpenTelemetry': (manager) => untyped(openTelemetry)(manager),
};

const wrong: readonly (readonly [value: unknown, message: string])[] = [
  [undefined, 'manager must be a SessionManager; got undefined'],
  [null, 'manager must be a SessionManager; got null'],
  ['text', 'manager must be a SessionManager; got "text"'],
  [{}, 'manager must be a SessionManager; got {}'],
  [Promise.resolve(), 'manager must be a SessionManager: await it; got "a promise"'],
];

async function errorOf(make: () => unknown): Promise<unknown> {
  try {
    await make();
    return undefined;
  } catch (error) {
    return error;
  }
}

for (const [name, make] of Object.entries({ ...anyCopy, ...sameCopy })) {
  test(`${name} refuses anything but a manager when it is made, and says what it got`, async (t) => {
    for (const [value, message] of wrong) {
      const error = await errorOf(() => make(value));
      if (SessionError.is(error, 'INVALID_ARGUMENT'))
        t.deepEqual([error.message, error.details.argument], [message, 'manager']);
      else t.fail(String(error));
    }
  });
}

test('fronts that use only public methods accept a manager of another copy; the others name the reason', async (t) => {
  const other = await importBuilt('session-mailbox');
  const running: { sessions: unknown; stop(): Promise<void> } = Object(await untyped(other.startSessions)());
  t.teardown(() => running.stop());
  const { sessions } = running;
  for (const [name, make] of Object.entries(anyCopy)) t.is(await errorOf(() => make(sessions)), undefined, name);
  for (const [name, make] of Object.entries(sameCopy)) {
    const error = await errorOf(() => make(sessions));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT'), `${name}: ${error}`);
    t.regex(
      String(error),
      /manager must be a SessionManager of this copy of session-mailbox, and is one of another; got/,
    );
  }
});

test('what takes a server refuses an application of a framework instead, which would never emit its events', async (t) => {
  const { sessions, stop } = await startSessions();
  t.teardown(stop);
  for (const server of [undefined, null, {}, express()]) {
    const invalid = { code: 'INVALID_ARGUMENT', message: /^server must be a server of node:http/ } as const;
    t.throws(() => untyped(authenticateUpgrade)(server, sessions, { webSocketServer }), invalid);
    t.throws(() => untyped(limitUnanswered)(server), invalid);
    const context = { code: 'INVALID_CONTEXT', message: /^fastLane: server must be a server of node:http/ } as const;
    t.throws(() => untyped(fastLane)(server, sessions), context);
  }
});

test('login refuses a session without a token, which would set a cookie of the text undefined', async (t) => {
  const { sessions, stop } = await startSessions();
  t.teardown(stop);
  const { id, token } = await sessions.createSession('alice');
  const headers = new Headers();
  for (const session of [await sessions.authenticate(token), await sessions.getSession(id), token, undefined]) {
    t.throws(() => untyped(sessionFetchHandler(sessions).login)(headers, session), {
      code: 'INVALID_ARGUMENT',
      message: /^session must be what createSession or rotateToken returns/,
    });
  }
  t.is(headers.get('set-cookie'), null);
});

test('limitUnanswered refuses a limit that would limit nothing, or end every connection', (t) => {
  const server = createServer();
  for (const most of [Number.NaN, Number.POSITIVE_INFINITY, 0, '100', null, { max: 100 }]) {
    t.throws(() => untyped(limitUnanswered)(server, most), {
      code: 'INVALID_ARGUMENT',
      message: /^most must be a whole number from 1 to/,
    });
  }
  t.is(server.listenerCount('request'), 0);
});

test('the REST server, the handlers of a mailbox and the head of a request refuse other first arguments clearly', async (t) => {
  const { sessions, stop } = await startSessions();
  t.teardown(stop);
  const container = {
    code: 'INVALID_ARGUMENT',
    message: /^container must be a Container that has loaded restModule/,
  } as const;
  const store = { code: 'INVALID_ARGUMENT', message: /^sessions must be a SessionMailboxStore; got/ } as const;
  for (const value of [undefined, null, {}]) {
    await t.throwsAsync(async () => untyped(buildRestServer)(value), container);
    for (const handler of [pollHandler, eventHandler, ackHandler])
      t.throws(() => untyped(handler)(sessions, value), store);
    await t.throwsAsync(async () => untyped(sessionFromRequest)(value, sessions), {
      message: /^The request must come from/,
    });
  }
});
