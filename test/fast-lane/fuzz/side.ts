import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Container } from 'inversify';
import { ManualClock } from '../../../src/conformance/manual-clock.js';
import { fastLane } from '../../../src/fast-lane/index.js';
import { Clock, memoryStore, SessionManager, sessionModule } from '../../../src/index.js';
import { sessionHandler } from '../../../src/node/index.js';
import { trustedOrigin } from './requests.js';

/** The configuration of both servers, which differ only in the lane. */
export interface Variant {
  readonly name: string;
  readonly server?: ServerOptions;
  readonly settings?: Partial<Pick<Server, 'keepAliveTimeout' | 'maxHeadersCount'>>;
  /** Whether connections return to the lane. */
  readonly returns?: boolean;
  /** Whether polls may be held. */
  readonly holds?: boolean;
  /**
   * Whether no piece contains two requests. On a plain connection that has no other reader, `node:http` lets promises run
   * between the requests of one piece. Therefore it may have answered some of them when it refuses a later one. On other
   * connections, for example over TLS, it does not let promises run in between. Only requests in separate pieces are handled
   * the same in both cases. If this is false, both sides read as over TLS.
   */
  readonly apart?: boolean;
}

/** A server, with a record of its requests. */
export interface Side {
  readonly port: number;
  /** Method and target of each request, whether the lane or `node:http` answered it. */
  readonly seen: readonly string[];
  /** Kinds of the refused bearers that the server reported. */
  readonly refused: readonly string[];
  /** Returns the number of polls that the lane took; 0 without a lane. */
  readonly lane: () => number;
  /** Returns the server's end of the connection from this port of the client. */
  socketOf(clientPort: number): Socket | undefined;
  push(id: string, n: number): Promise<void>;
  stop(): Promise<void>;
}

/** @param snapshot the file with the sessions, which are the same on both sides */
export async function openSide(snapshot: string, variant: Variant, hasLane: boolean): Promise<Side> {
  const container = new Container();
  // The clock does not advance. Therefore no wait ends by itself, and both sides give messages the same time.
  container.bind(Clock).toConstantValue(new ManualClock());
  container.load(
    sessionModule({ pollTime: variant.holds === true ? 25_000 : 0 }, memoryStore({ snapshot: { path: snapshot } })),
  );
  const manager = await container.getAsync(SessionManager);
  const seen: string[] = [];
  const refused: string[] = [];
  manager.on('refused', ({ kind }) => refused.push(kind));

  const handle = sessionHandler(manager, { trustedOrigins: [trustedOrigin] });
  const noTimeouts = { connectionsCheckingInterval: 600_000, requestTimeout: 0, headersTimeout: 0 };
  const http = createServer({ ...noTimeouts, ...variant.server }, (request, response) => {
    seen.push(`${request.method} ${request.url}`);
    if (!handle(request, response)) echo(request, response);
  });
  Object.assign(http, { keepAliveTimeout: 600_000, ...variant.settings });
  const lane = hasLane
    ? fastLane(http, manager, {
        trustedOrigins: [trustedOrigin],
        returns: variant.returns ?? true,
        onRequest: ({ url }) => seen.push(`GET ${url}`),
      })
    : undefined;
  const sockets = watchConnections(http, variant.apart !== true);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', 4096, resolve));
  return {
    port: (http.address() as AddressInfo).port,
    seen,
    refused,
    lane: () => lane?.counts.pollsInLane ?? 0,
    socketOf: (port) => sockets.get(port),
    async push(id, n) {
      // The push fails if a request has closed the session.
      await manager.push(id, { n }).catch(() => {});
    },
    async stop() {
      for (const socket of sockets.values()) socket.destroy();
      await new Promise((resolve) => http.close(resolve));
      await container.unbindAllAsync();
    },
  };
}

/** Answers with everything that the application received of the request. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, httpVersion, rawHeaders } = request;
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (text: string) => {
    body += text;
  });
  request.on('error', () => {});
  request.on('end', () => {
    const { rawTrailers, complete } = request;
    const ip = request.socket.remoteAddress;
    response.end(JSON.stringify({ method, url, httpVersion, rawHeaders, rawTrailers, body, complete, ip }));
  });
}

/**
 * Records the server's end of each connection by the port of the client. The listener runs before the lane, because the lane
 * may pass another socket to `node:http`.
 * @param readsAsStream whether `node:http` must read the connection as a stream instead of directly
 */
function watchConnections(http: Server, readsAsStream: boolean): ReadonlyMap<number, Socket> {
  const sockets = new Map<number, Socket>();
  http.prependListener('connection', (socket: Socket) => {
    const { remotePort } = socket;
    if (remotePort !== undefined && !sockets.has(remotePort)) sockets.set(remotePort, socket);
    const handle: unknown = Reflect.get(socket, '_handle');
    // `node:http` sets this flag when it reads a connection directly. If the flag is set already, it reads the stream.
    if (readsAsStream && typeof handle === 'object' && handle !== null) Reflect.set(handle, '_consumed', true);
  });
  return sockets;
}
