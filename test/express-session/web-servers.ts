import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import fastifyCookie from '@fastify/cookie';
import fastifySession from '@fastify/session';
import express from 'express';
import session from 'express-session';
import fastify from 'fastify';
import { ackHandler, eventHandler, pollHandler, type SessionMailboxStore } from '../../src/express-session/index.js';
import type { SessionManager } from '../../src/index.js';

// This alias of the package has no types. The tests use only features that both versions have.
const express4: typeof express = createRequire(import.meta.url)('express4');

/** A session object with the keys that tests use by name. */
export interface SessionObject extends Record<string, unknown> {
  readonly cookie: { maxAge?: number | null };
  accountId?: unknown;
  theme?: unknown;
  mine?: unknown;
}

/** The session of a request, with the same interface for all frameworks. */
export interface WebSession {
  /** The object that the framework gives to the application. */
  readonly data: SessionObject;
  readonly sid: string;
  save(): Promise<void>;
  reload(): Promise<void>;
  regenerate(): Promise<void>;
  destroy(): Promise<void>;
}

/** The handler of one path of the application. The server sends its result as JSON. */
export type Action = (web: () => WebSession, query: URLSearchParams) => unknown;

export interface WebOptions {
  readonly cookie?: { readonly maxAge?: number };
  readonly saveUninitialized?: boolean;
  readonly resave?: boolean;
  readonly rolling?: boolean;
}

export interface WebApplication {
  readonly store: SessionMailboxStore;
  readonly manager: SessionManager;
  readonly actions: Readonly<Record<string, Action>>;
  readonly options: WebOptions;
}

export interface RunningWeb {
  readonly port: number;
  close(): Promise<void>;
}

export type WebServerName = 'express' | 'express4' | 'fastify';
export const webServerNames: readonly WebServerName[] = ['express', 'express4', 'fastify'];

const secret = 'a secret of at least thirty-two characters';

export async function startWeb(name: WebServerName, application: WebApplication): Promise<RunningWeb> {
  if (name === 'fastify') return startFastify(application);
  return startExpress(name === 'express' ? express : express4, application);
}

async function startExpress(
  framework: typeof express,
  { store, manager, actions, options }: WebApplication,
): Promise<RunningWeb> {
  const app = framework();
  app.use(session({ store, secret, resave: false, saveUninitialized: false, ...options }));
  app.get('/poll', pollHandler(manager, store));
  app.get('/events', eventHandler(manager, store));
  app.post('/ack', ackHandler(manager, store));
  for (const [path, action] of Object.entries(actions)) {
    app.get(`/${path}`, (request, response) => {
      const query = new URL(request.url, 'http://localhost').searchParams;
      respond(() => action(() => expressSession(request), query), response);
    });
  }
  // A save at the end of a request may fail after the answer was sent. Its error can't change the answer any more.
  app.use((error: unknown, _request: unknown, response: express.Response, _next: unknown) => {
    if (!response.headersSent) response.status(500).end(String(error));
  });
  return listening(createServer(app));
}

function expressSession(request: express.Request): WebSession {
  const current = () => request.session;
  return {
    get data() {
      return current() as unknown as WebSession['data'];
    },
    get sid() {
      return request.sessionID;
    },
    save: () => promisify(current().save.bind(current()))(),
    reload: () => promisify(current().reload.bind(current()))(),
    regenerate: () => promisify(current().regenerate.bind(current()))(),
    destroy: () => promisify(current().destroy.bind(current()))(),
  };
}

async function startFastify({ store, actions, options }: WebApplication): Promise<RunningWeb> {
  const app = fastify({ forceCloseConnections: true });
  await app.register(fastifyCookie);
  const { cookie = {}, saveUninitialized = false, rolling = false } = options;
  await app.register(fastifySession, {
    store,
    secret,
    cookieName: 'connect.sid',
    cookiePrefix: 's:',
    cookie: { ...cookie, secure: false },
    saveUninitialized,
    rolling,
  });
  for (const [path, action] of Object.entries(actions)) {
    app.get(`/${path}`, async (request, reply) => {
      const web = (): WebSession => ({
        get data() {
          return request.session as unknown as WebSession['data'];
        },
        get sid() {
          return request.session.sessionId;
        },
        save: () => request.session.save(),
        reload: () => request.session.reload(),
        regenerate: () => request.session.regenerate(),
        destroy: () => request.session.destroy(),
      });
      const query = new URL(request.url, 'http://localhost').searchParams;
      try {
        return reply.send(JSON.stringify((await action(web, query)) ?? null));
      } catch (error) {
        return reply.code(500).send(String(error));
      }
    });
  }
  await app.listen({ host: '127.0.0.1', port: 0 });
  return { port: portOf(app.server), close: () => app.close() };
}

function respond(act: () => unknown, response: ServerResponse<IncomingMessage>): void {
  Promise.resolve()
    .then(act)
    .then(
      (result) => response.end(JSON.stringify(result ?? null)),
      (error) => {
        response.statusCode = 500;
        response.end(String(error));
      },
    );
}

async function listening(server: Server): Promise<RunningWeb> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server),
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function portOf(server: { address(): unknown }): number {
  return (server.address() as AddressInfo).port;
}
