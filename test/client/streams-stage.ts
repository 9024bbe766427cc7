import type { IncomingMessage } from 'node:http';
import type { ExecutionContext } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import type { MailboxClient, Transport } from '../../src/client/index.js';
import type { Session } from '../../src/index.js';
import { authenticateUpgrade, streamMailbox } from '../../src/websocket/index.js';
import type { KitOptions } from '../support/http-kit.js';
import { type ClientSetup, ClientStage } from './client-stage.js';

/** Starts a server that also has a WebSocket route for the mailbox. */
export async function start(t: ExecutionContext, options: KitOptions = {}): Promise<ClientStage> {
  const stage = await ClientStage.start(t, options);
  const { manager, server } = stage.kit;
  const webSocketServer = new WebSocketServer({ noServer: true });
  sockets.set(stage, webSocketServer);
  const stop = authenticateUpgrade(server.node, manager, { webSocketServer, path: '/stream' });
  webSocketServer.on('connection', (socket: WebSocket, request: IncomingMessage, session: Session) => {
    streamMailbox(manager, socket, session, request);
  });
  t.teardown(() => {
    stage.disconnect();
    for (const socket of webSocketServer.clients) socket.terminate();
    stop();
  });
  return stage;
}

const sockets = new Map<ClientStage, WebSocketServer>();

/** Breaks every connection. */
export function cut(stage: ClientStage): void {
  stage.kit.server.node.closeAllConnections();
  for (const socket of sockets.get(stage)?.clients ?? []) socket.terminate();
}

export const open = (stage: ClientStage, transport: Transport, options: ClientSetup = {}): MailboxClient =>
  stage.connect({ transport, WebSocket, ...options });
