import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type Http2Session } from 'node:http2';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import express from 'express';
import session from 'express-session';
import { fastify } from 'fastify';
import type { Container } from 'inversify';
import { ackHandler, eventHandler, pollHandler, SessionMailboxStore } from '../../src/express-session/index.js';
import type { SessionHttpOptionsInput } from '../../src/http/index.js';
import type { SessionManager } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { request } from '../support/http-client.js';
import { adapterNames, middlewareHeader, startServer } from '../support/http-servers.js';

/** The service behind a front. */
export interface FrontService {
  /** A container with the modules `sessionModule` and `sessionHttpModule`. */
  readonly container: Container;
  readonly manager: SessionManager;
  readonly options: SessionHttpOptionsInput;
}

export interface RunningFront {
  readonly url: string;
  /** Stops the server. Ends every connection, also with requests in progress. */
  stop(): Promise<void>;
  /** Logs in, if the front does not accept a token as credential. Default: calls `createSession`, and uses its token. */
  logIn?(account: string): Promise<FrontLogin>;
}

export interface FrontLogin {
  readonly id: string;
  /** The credential of the client: a bearer token, or a cookie, which contains an equals sign. */
  readonly token: string;
}

/** One way to serve `/poll`, `/events` and `/ack`, and, without `isExpressSession`, also `/sessions`. */
export interface Front {
  readonly name: string;
  /** Starts a server on a free port of the loopback interface. Every response has `middlewareHeader`, as if a plugin set it. */
  start(service: FrontService): Promise<RunningFront>;
  /** Default `HTTP/1.1`. */
  readonly protocol?: 'HTTP/2';
  /** Whether the credential is the cookie of express-session. If so, there is no token, no CORS and no `/sessions`. */
  readonly isExpressSession?: true;
}

// The types of Express 5 also fit the parts of Express 4 that are used here.
const express4: typeof express = createRequire(import.meta.url)('express4');

async function listen(server: Server | Http2Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listenHttp1(listener: RequestListener): Promise<RunningFront> {
  const server = createServer(listener);
  server.keepAliveTimeout = 0;
  const url = await listen(server);
  const stop = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  return { url, stop };
}

/** Returns a function that closes an HTTP/2 server and ends its sessions, for which `close` alone would wait. */
function endingHttp2(server: Http2Server): () => Promise<void> {
  const sessions = new Set<Http2Session>();
  server.on('session', (each) => {
    sessions.add(each);
    each.once('close', () => sessions.delete(each));
  });
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const each of sessions) each.destroy();
    await closed;
  };
}

const express4Front: Front = {
  name: 'Express 4',
  start: ({ manager, options }) => {
    const handle = sessionHandler(manager, options);
    const app = express4();
    app.use((incoming, response, next) => {
      response.setHeader(middlewareHeader.name, middlewareHeader.value);
      if (!handle(incoming, response)) next();
    });
    return listenHttp1(app);
  },
};

const nodeHttp2Front: Front = {
  name: 'node:http2',
  protocol: 'HTTP/2',
  start: async ({ manager, options }) => {
    const handle = sessionHandler(manager, options);
    const server = createHttp2Server((incoming, response) => {
      response.setHeader(middlewareHeader.name, middlewareHeader.value);
      if (!handle(incoming, response)) response.writeHead(404).end();
    });
    const stop = endingHttp2(server);
    return { url: await listen(server), stop };
  },
};

const fastifyHttp2Front: Front = {
  name: 'Fastify over HTTP/2',
  protocol: 'HTTP/2',
  start: async ({ container }) => {
    const app = fastify({ http2: true });
    const stop = endingHttp2(app.server);
    app.addHook('onRequest', async (_request, reply) => {
      reply.header(middlewareHeader.name, middlewareHeader.value);
    });
    // Use `Reflect`, because the types of the adapter allow Fastify over HTTP/1 only.
    const adapter: Pick<InversifyFastifyHttpAdapter, 'build'> = Reflect.construct(InversifyFastifyHttpAdapter, [
      container,
      { logger: false },
      app,
    ]);
    await adapter.build();
    const url = await app.listen({ port: 0, host: '127.0.0.1' });
    return { url, stop };
  },
};

function expressSessionFront(name: string, framework: typeof express): Front {
  return {
    name,
    isExpressSession: true,
    start: async ({ manager, options: { trustedOrigins = [] } }) => {
      const store = new SessionMailboxStore(manager);
      const app = framework();
      app.use((_incoming, response, next) => {
        response.setHeader(middlewareHeader.name, middlewareHeader.value);
        next();
      });
      app.use(session({ store, secret: 'a secret', resave: false, saveUninitialized: false }));
      app.post('/login/:account', (incoming, response, next) => {
        incoming.session.regenerate(() => {
          Object.assign(incoming.session, { accountId: incoming.params.account });
          incoming.session.save((error) => {
            if (error) next(error);
            else void store.sessionOf(incoming.sessionID).then((found) => response.json({ id: found?.id }));
          });
        });
      });
      app.get('/poll', pollHandler(manager, store, { trustedOrigins }));
      app.get('/events', eventHandler(manager, store, { trustedOrigins }));
      app.post('/ack', ackHandler(manager, store, { trustedOrigins }));
      const { url, stop } = await listenHttp1(app);
      return {
        url,
        stop: async () => {
          store.close();
          await stop();
        },
        logIn: async (account) => {
          const answer = await request(Number(new URL(url).port), `/login/${account}`, { method: 'POST' });
          const [cookie = ''] = (answer.headers.get('set-cookie') ?? '').split(';');
          return { id: JSON.parse(answer.body).id, token: cookie };
        },
      };
    },
  };
}

/** Every front that serves polls and streams over HTTP. To test another front, add it here. */
export const fronts: readonly Front[] = [
  ...adapterNames.map(
    (name): Front => ({
      name,
      start: async ({ container, options }) => {
        const { port, close } = await startServer(name, container, options);
        return { url: `http://127.0.0.1:${port}`, stop: close };
      },
    }),
  ),
  express4Front,
  nodeHttp2Front,
  fastifyHttp2Front,
  expressSessionFront('express-session on Express 5', express),
  expressSessionFront('express-session on Express 4', express4),
];
