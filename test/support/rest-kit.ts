import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { buildRestServer, type RestOptionsInput, restModule } from '../../src/compat/redis-sessions/rest/index.js';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import {
  Clock,
  type SessionContextOptions,
  SessionManager,
  SessionStore,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';
import { Connection, type RawResponse, type RequestOptions, request } from './http-client.js';
import { until } from './http-kit.js';

export interface RestKitOptions {
  readonly rest?: RestOptionsInput;
  readonly context?: SessionContextOptions;
  readonly store?: StoreBinding;
}

/** The REST service on a free port of the loopback interface, with a clock that does not advance by itself. */
export class RestKit {
  readonly manager: SessionManager;
  readonly clock: ManualClock;
  readonly store: SessionStore;
  readonly #room: WaitingRoom;
  readonly #app: FastifyInstance;

  private constructor(manager: SessionManager, clock: ManualClock, container: Container, app: FastifyInstance) {
    this.manager = manager;
    this.clock = clock;
    this.store = container.get(SessionStore);
    this.#room = container.get(WaitingRoom);
    this.#app = app;
  }

  /** Starts the service. It stops when the test ends. */
  static async start(t: ExecutionContext, options: RestKitOptions = {}): Promise<RestKit> {
    const container = new Container();
    const clock = new ManualClock();
    container.bind(Clock).toConstantValue(clock);
    container.load(sessionModule({ maxSession: 0, ...options.context }, options.store), restModule(options.rest ?? {}));
    const manager = await container.getAsync(SessionManager);
    const app = await buildRestServer(container);
    await app.listen({ port: 0, host: '127.0.0.1' });
    t.teardown(async () => {
      app.server.closeAllConnections();
      await app.close();
      await container.unbindAllAsync();
    });
    return new RestKit(manager, clock, container, app);
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#app.server.address();
    if (address === null || typeof address === 'string') throw new TypeError('The server does not listen on a port');
    return address.port;
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.port, path, options);
  }

  open(): Promise<Connection> {
    return Connection.open(this.port);
  }

  get(path: string): Promise<RawResponse> {
    return this.request(path);
  }

  delete(path: string): Promise<RawResponse> {
    return this.request(path, { method: 'DELETE' });
  }

  /** Sends a value as JSON, or a text unchanged. */
  send(
    method: 'POST' | 'PUT',
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawResponse> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.request(path, { method, body: text, headers: { 'Content-Type': 'application/json', ...headers } });
  }

  /** Creates a session and returns its token. */
  async create(path: string, body?: unknown): Promise<string> {
    const response = await (body === undefined ? this.request(path, { method: 'PUT' }) : this.send('PUT', path, body));
    if (response.status !== 200) throw new Error(`The creation failed: ${response.status} ${response.body}`);
    return JSON.parse(response.body).token;
  }

  /** Sends a poll. Resolves when the poll is parked. */
  async hold(path: string, token: string): Promise<Connection> {
    const held = this.#room.held;
    const connection = await Connection.open(this.port);
    connection.send(path, { token });
    await until(() => this.#room.held > held);
    return connection;
  }
}

export function bodyOf(response: RawResponse): unknown {
  return JSON.parse(response.body);
}
