import type { IncomingMessage } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { type WebSocket, WebSocketServer } from 'ws';
import { consoleHandler } from '../../src/console/node.js';
import type { Session } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { authenticateUpgrade, streamMailbox } from '../../src/websocket/index.js';
import { isLocalClient } from '../operations/loopback-guard.js';
import type { PolicyServices } from './policy-services.js';

/** Maximum size of a client's message in bytes. Clients send only acknowledgements. */
const maxPayload = 1_024;
const tokenProtocol = 'token.';

/** Serves poll, stream, socket, session list and console of each policy's service under `/policies/<policy>/`. */
export function servePolicies(app: FastifyInstance, services: PolicyServices): void {
  takeTokenFromProtocol(app);
  for (const [policy, manager] of services.entries) {
    const path = `/policies/${policy}/`;
    const handlers = [
      sessionHandler(manager, { path }),
      // A real application would require the session of an administrator.
      consoleHandler(manager, {
        path: `${path}console/`,
        guard: (request) => (isLocalClient(request) ? 'demo' : undefined),
      }),
    ];
    for (const route of ['poll', 'events', 'ack', 'sessions', 'sessions/:id', 'console', 'console/*']) {
      app.route({
        method: ['GET', 'POST', 'DELETE'],
        url: path + route,
        // Run the handler before Fastify reads the body, because the handler reads the body itself.
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
 * Reads the token of a WebSocket from its list of protocols. A page can't set a header on a WebSocket, and one cookie can't
 * stand for several sessions of one page. Therefore the page sends its token as the protocol `token.<token>`, after the
 * protocol that the server selects.
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
