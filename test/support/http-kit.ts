import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Container, type Newable } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { type SessionHttpOptionsInput, sessionHttpModule } from '../../src/http/index.js';
import {
  type Batch,
  Clock,
  type IssuedSession,
  type SessionContextOptions,
  SessionManager,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';
import { Connection, type RawResponse, type RequestOptions, request } from './http-client.js';
import {
  type AdapterName,
  adapterNames,
  controllerAdapters,
  laneAdapters,
  type RunningServer,
  startServer,
} from './http-servers.js';
import { limits } from './limits.js';

export interface KitOptions {
  readonly context?: SessionContextOptions;
  readonly http?: SessionHttpOptionsInput;
  readonly store?: StoreBinding;
  /** Default: a clock of the kit. */
  readonly clock?: ManualClock;
  /** Controllers of the test. */
  readonly controllers?: readonly Newable<object>[];
  /** Reason why the test can not hold behind a server of the Fetch standard. */
  readonly notOnFetch?: string;
  /** Reason why the test can not hold for polls that the application does not see. */
  readonly notInLane?: string;
}

/** A batch as a client parses it. */
export type WireBatch = Omit<Batch, 'messages'> & {
  readonly messages: readonly { readonly offset: number; readonly at: number; readonly data: unknown }[];
};

export interface WireProblem {
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly closed?: { readonly code: string; readonly reason: string; readonly reconnect: boolean };
}

/** A service behind a real server, with a clock that does not advance by itself. */
export class Kit {
  readonly container: Container;
  readonly manager: SessionManager;
  readonly room: WaitingRoom;
  readonly clock: ManualClock;
  readonly server: RunningServer;
  readonly #connections: Connection[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(container: Container, manager: SessionManager, clock: ManualClock, server: RunningServer) {
    this.container = container;
    this.manager = manager;
    this.room = container.get(WaitingRoom);
    this.clock = clock;
    this.server = server;
    server.node.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(adapter: AdapterName, options: KitOptions = {}): Promise<Kit> {
    const container = new Container();
    const clock = options.clock ?? new ManualClock();
    container.bind(Clock).toConstantValue(clock);
    container.load(sessionModule(options.context ?? {}, options.store), sessionHttpModule(options.http));
    for (const controller of options.controllers ?? []) container.bind(controller).toSelf().inSingletonScope();
    const manager = await container.getAsync(SessionManager);
    return new Kit(container, manager, clock, await startServer(adapter, container, options.http));
  }

  get port(): number {
    return this.server.port;
  }

  logIn(account = 'alice'): Promise<IssuedSession> {
    return this.manager.createSession(account);
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.port, path, options);
  }

  /** Sends a poll that is answered without being held. */
  async poll(token: string, query: Record<string, string> = {}): Promise<WireBatch> {
    const response = await this.request(pollPath({ wait: '0', ...query }), { token });
    if (response.status !== 200) throw new Error(`The poll failed: ${response.status} ${response.body}`);
    return JSON.parse(response.body);
  }

  async open(): Promise<Connection> {
    const connection = await Connection.open(this.port);
    this.#connections.push(connection);
    return connection;
  }

  /** Sends a poll. Resolves when the poll is parked. */
  async hold(token: string, query: Record<string, string> = {}): Promise<HeldPoll> {
    const held = this.room.held;
    const connection = await this.open();
    connection.send(pollPath(query), { token });
    await until(() => this.room.held > held);
    await turns();
    return new HeldPoll(connection);
  }

  /** Whether the server is sending a response that its client has not read yet. */
  isSending(): boolean {
    return [...this.#sockets].some((socket) => socket.writableLength > 0);
  }

  connectionCount(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.server.node.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
    });
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) await connection.close();
    await this.server.close();
    await this.container.unbindAllAsync();
  }
}

/** A poll that has not been answered yet. */
export class HeldPoll {
  readonly connection: Connection;

  constructor(connection: Connection) {
    this.connection = connection;
  }

  async batch(): Promise<WireBatch> {
    const response = await this.connection.response();
    if (response.status !== 200) throw new Error(`The poll failed: ${response.status} ${response.body}`);
    return JSON.parse(response.body);
  }

  problem(): Promise<RawResponse> {
    return this.connection.response();
  }
}

export function pollPath(query: Record<string, string>): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '/poll' : `/poll?${text}`;
}

export function problemIn(response: RawResponse): WireProblem {
  return JSON.parse(response.body);
}

/** Accepts any charset, because Express and Fastify append one. */
export function isProblem(response: RawResponse): boolean {
  return /^application\/problem\+json(;|$)/.test(response.headers.get('content-type') ?? '');
}

/** Waits until an operation in progress has made the condition true. */
export async function until(condition: () => boolean, patience = limits.event): Promise<void> {
  const giveUpAt = performance.now() + patience;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`Never came about: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** Waits until all operations have ended that need only turns of the event loop. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 4; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Declares a test for each adapter. If the test has controllers, only for the adapters that serve controllers. */
export function onEachAdapter(
  title: string,
  options: KitOptions,
  body: (t: ExecutionContext, kit: Kit) => Promise<void>,
): void {
  const all = options.controllers === undefined ? adapterNames : controllerAdapters;
  const lanes: readonly AdapterName[] = options.notInLane === undefined ? [] : laneAdapters;
  const adapters = all.filter(
    (name) => !(options.notOnFetch !== undefined && name === 'fetch') && !lanes.includes(name),
  );
  for (const adapter of adapters) onAdapter(adapter, title, options, body);
}

export function onAdapter(
  adapter: AdapterName,
  title: string,
  options: KitOptions,
  body: (t: ExecutionContext, kit: Kit) => Promise<void>,
): void {
  test(`${adapter}: ${title}`, async (t) => {
    const kit = await Kit.start(adapter, options);
    try {
      await body(t, kit);
    } finally {
      await kit.close();
    }
  });
}
