import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { consoleHandler } from '../../src/console/node.js';
import type { Session } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { authenticateUpgrade, streamMailbox } from '../../src/websocket/index.js';
import { isLocalClient } from '../operations/loopback-guard.js';
import type { PolicyServices } from './policy-services.js';

/** Acknowledgements are the only messages of a client. */
const maxPayload = 1_024;
const tokenProtocol = 'token.';

/** Serves poll, stream, socket, session list and console of each policy's service under `/policies/<policy>/`. */
export function servePolicies(app: FastifyInstance, services: PolicyServices): void {
  takeTokenFromProtocol(app);
  for (const [policy, manager] of services.entries) {
    const path = `/policies/${policy}/`;
    const handlers = [
      sessionHandler(manager, { path }),
      // An application would ask for the session of an administrator.
      consoleHandler(manager, {
        path: `${path}console/`,
        guard: (request) => (isLocalClient(request) ? 'demo' : undefined),
      }),
    ];
    for (const route of ['poll', 'events', 'ack', 'sessions', 'sessions/:id', 'console', 'console/*']) {
      app.route({
        method: ['GET', 'POST', 'DELETE'],
        url: path + route,
        // Before Fastify reads the body, which the handler reads itself.
        onRequest: async (request, reply) => {
          if (!handlers.some((handle) => handle(request.raw, reply.raw))) return reply.callNotFound();
          reply.hijack();
        },
        handler: async () => {},
      });
    }
    const webSocketServer = new WebSocketServer({ noServer: true, maxPayload });
    authenticateUpgrade(app.server, manager, { webSocketServer, path: `${path}stream` });
    webSocketServer.on('connection', (socket: WebSocket, request: IncomingMessage, session: Session) => {
      streamMailbox(manager, socket, session, request);
    });
  }
}

/**
 * A browser sends neither a header nor, for several sessions of one page, a cookie with a WebSocket. What it can send is a
 * list of protocols: the page names its token there, as `token.<token>` after the protocol that the server selects.
 */
function takeTokenFromProtocol(app: FastifyInstance): void {
  app.server.on('upgrade', ({ headers }) => {
    const protocols = headers['sec-websocket-protocol']?.split(/, */) ?? [];
    const named = protocols.find((protocol) => protocol.startsWith(tokenProtocol));
    if (named === undefined) return;
    headers.authorization = `Bearer ${named.slice(tokenProtocol.length)}`;
    headers['sec-websocket-protocol'] = protocols.filter((protocol) => protocol !== named).join(', ');
  });
}
