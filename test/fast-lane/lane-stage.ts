import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { type FastLane, type FastLaneOptions, fastLane } from '../../src/fast-lane/index.js';
import type { IssuedSession, SessionContextOptions } from '../../src/index.js';
import { type SessionRouteOptions, sessionHandler } from '../../src/node/index.js';
import { Connection } from '../support/http-client.js';
import { until } from '../support/http-kit.js';
import { type Service, startService } from '../support/service.js';

export interface LaneStageOptions {
  readonly lane?: FastLaneOptions | 'none';
  readonly routes?: SessionRouteOptions;
  readonly context?: SessionContextOptions;
  readonly server?: ServerOptions;
  readonly tls?: boolean;
  readonly setUp?: (server: Server) => void;
}

/** A server with a lane. Its application echoes every request that is for no route. */
export class LaneStage {
  readonly service: Service;
  readonly server: Server;
  readonly lane: FastLane;
  /** Requests that `node:http` received, in order. */
  readonly seen: string[] = [];
  readonly #t: ExecutionContext;
  readonly #tls: boolean;

  private constructor(
    t: ExecutionContext,
    service: Service,
    { lane, routes, server = {}, tls = false, setUp }: LaneStageOptions,
  ) {
    this.#t = t;
    this.#tls = tls;
    this.service = service;
    const handle = sessionHandler(service.manager, routes);
    const listener: RequestListener = (request, response) => {
      this.seen.push(`${request.method} ${request.url}`);
      if (!response.writableEnded && !handle(request, response)) void echo(request).then((body) => response.end(body));
    };
    this.server = tls ? createTlsServer({ ...server, ...serverKey }, listener) : createServer(server, listener);
    // By default Node closes idle connections after 5 s. On a busy machine that time may pass between two requests.
    this.server.keepAliveTimeout = 0;
    setUp?.(this.server);
    this.lane = lane === 'none' ? noLane : fastLane(this.server, service.manager, lane);
  }

  static async start(t: ExecutionContext, options: LaneStageOptions = {}): Promise<LaneStage> {
    const stage = new LaneStage(t, await startService(t, options.context), options);
    await new Promise<void>((resolve) => stage.server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => stage.close());
    return stage;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  logIn(): Promise<IssuedSession> {
    return this.service.manager.createSession('alice');
  }

  async open(): Promise<Connection> {
    const connection = this.#tls ? await Connection.over(this.#connectTls()) : await Connection.open(this.port);
    this.#t.teardown(() => connection.close());
    return connection;
  }

  /** Opens a bare connection, and records everything that it receives. */
  raw(): { readonly socket: Socket; readonly received: () => string } {
    const socket = connect(this.port, '127.0.0.1').setNoDelay(true);
    let received = '';
    socket.on('data', (bytes) => {
      received += bytes.toString('latin1');
    });
    socket.on('error', () => {});
    this.#t.teardown(() => socket.destroy());
    return { socket, received: () => received };
  }

  /** Waits until `count` polls are held. */
  async held(count: number): Promise<void> {
    await until(() => this.service.room.held === count);
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.server.closeAllConnections();
    await closed;
  }

  #connectTls(): Socket {
    return connectTls({ port: this.port, host: '127.0.0.1', checkServerIdentity: () => undefined, ...clientKey });
  }
}

const noLane: FastLane = { counts: { pollsInLane: 0, pollsOutside: 0, handedOver: 0, returned: 0 }, close: () => {} };

const psk = Buffer.alloc(32, 7);
const suite = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;

/** Options for TLS with a key that both ends have, so that no certificate is needed. */
const serverKey = { ...suite, pskCallback: () => psk };
const clientKey = { ...suite, pskCallback: () => ({ psk, identity: 'client' }) };

async function echo(request: IncomingMessage): Promise<string> {
  return `${request.method} ${request.url} ${await text(request)}`;
}

/** The text of a request that the lane leaves to `node:http`. */
export const otherText = 'GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** Returns the bytes of a poll as a client sends them. */
export function pollText(token: string, query = 'wait=0&after=', more = ''): string {
  return `GET /poll?${query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;
}

/** Replaces the values of `Date`. */
export function undated(response: string): string {
  return response.replaceAll(/\r\nDate: [^\r]+/g, '\r\nDate: now');
}
