import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Batch, IssuedSession, Session, SessionManager } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { authenticateUpgrade, streamMailbox } from '../../src/websocket/index.js';
import { Client } from '../websocket/client.js';
import { EventStream } from './event-stream.js';
import { request } from './http-client.js';
import type { WireBatch } from './http-kit.js';

/** All that the client of a stream has received since it was opened. */
export interface Taken {
  /** The current place. Empty until the stream has reported it. */
  readonly cursor: string;
  readonly offsets: readonly number[];
  readonly data: readonly unknown[];
  readonly lost: number;
  readonly resets: number;
}

export interface TransportStream {
  taken(): Taken;
  acknowledge(cursor: string): Promise<void>;
  close(): void;
  /** Returns the cursor that the client has acknowledged by itself, if the transport does so. */
  acknowledged?(): string;
}

/** A transport through which a client can have a stream. */
export interface Transport {
  open(session: IssuedSession, reader: string, after: string): Promise<TransportStream>;
  end(): Promise<void>;
}

export const transports: Readonly<Record<string, (manager: SessionManager) => Promise<Transport>>> = {
  streamInto: async (manager) => ({
    open: async (session, reader, after) => {
      const batches: Batch[] = [];
      const fail = (error: unknown) => {
        throw error;
      };
      const deliver = (batch: Batch) => batches.push(batch);
      const stream = manager.streamInto(session, { reader, after }, { deliver, fail, beat() {} });
      return {
        taken: () => takenOf(batches),
        acknowledge: (cursor) => manager.acknowledge(session.id, reader, cursor),
        close: () => stream.cancel(),
      };
    },
    end: async () => {},
  }),
  'Server-Sent Events': async (manager) => {
    const { port, end } = await serve(manager);
    return {
      open: async ({ token }, reader, after) => {
        const query = new URLSearchParams({ reader, after });
        const stream = await EventStream.open(port, `/events?${query}`, { authorization: `Bearer ${token}` });
        return {
          taken: () => ({
            cursor: stream.lastEventId,
            offsets: stream.messages.map(({ offset }) => offset),
            data: stream.data,
            lost: stream.of('lost').reduce<number>((sum, each) => sum + Object(each).lost, 0),
            resets: stream.of('reset').length,
          }),
          acknowledge: async (cursor) => {
            const options = { method: 'POST', token, body: JSON.stringify({ cursor }) };
            const { status } = await request(port, `/ack?reader=${reader}`, options);
            if (status !== 204) throw new Error(`The acknowledgement was refused: ${status}`);
          },
          close: () => stream.close(),
        };
      },
      end,
    };
  },
  WebSocket: async (manager) => {
    const { port, end } = await serve(manager);
    return {
      open: async ({ token }, reader, after) => {
        const query = new URLSearchParams({ reader, after });
        const batches: WireBatch[] = [];
        const client = new Client(port, { path: `/stream?${query}`, token });
        client.socket.on('message', (data) => batches.push(JSON.parse(String(data))));
        await client.opened();
        return {
          taken: () => takenOf(batches),
          acknowledge: async (cursor) => client.send({ ack: cursor }),
          close: () => client.socket.terminate(),
        };
      },
      end,
    };
  },
};

export function takenOf(batches: readonly (Batch | WireBatch)[]): Taken {
  const messages = batches.flatMap((batch) => [...batch.messages]);
  return {
    cursor: batches.at(-1)?.cursor ?? '',
    offsets: messages.map(({ offset }) => offset),
    data: messages.map(({ data }) => data),
    lost: batches.reduce((sum, { lost }) => sum + lost, 0),
    resets: batches.filter(({ reset }) => reset).length,
  };
}

export interface StreamServer {
  readonly port: number;
  /** Ends every connection, like a proxy or a network. */
  cut(): void;
  end(): Promise<void>;
}

/**
 * Serves `/poll`, `/events`, `/ack` and `/stream`.
 * @param page HTML for every other path
 */
export async function serve(manager: SessionManager, page?: string): Promise<StreamServer> {
  const handle = sessionHandler(manager);
  const server = createServer((incoming, response) => {
    if (handle(incoming, response)) return;
    if (page === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-type': 'text/html' }).end(page);
  });
  const webSocketServer = new WebSocketServer({ noServer: true });
  authenticateUpgrade(server, manager, { webSocketServer, path: '/stream' });
  webSocketServer.on('connection', (socket: WebSocket, incoming: IncomingMessage, session: Session) => {
    streamMailbox(manager, socket, session, incoming);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const end = async () => {
    cut();
    await new Promise((resolve) => server.close(resolve));
  };
  return { port: (server.address() as AddressInfo).port, cut, end };
}
