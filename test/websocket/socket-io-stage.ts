import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import express from 'express';
import { type DefaultEventsMap, Server, type ServerOptions, type Socket } from 'socket.io';
import { type Socket as ClientSocket, io, type ManagerOptions, type SocketOptions } from 'socket.io-client';
import type { ManualClock } from '../../src/conformance/manual-clock.js';
import type { ClosedNotice, IssuedSession, SessionContextOptions, SessionManager } from '../../src/index.js';
import { sessionFromRequest } from '../../src/requests/index.js';
import {
  type ConnectRefusalData,
  type SocketIoOptions,
  type SocketIoSessionData,
  socketIoSession,
} from '../../src/websocket/index.js';
import { LiveSockets } from '../../src/websocket/live-sockets.js';
import { eventually } from '../support/eventually.js';
import { type Service, type ServiceOptions, startService } from '../support/service.js';

interface Asked {
  get(key: string, answer: (value: unknown) => void): void;
  set(key: string, value: string, answer: () => void): void;
}

interface Told {
  greeting(text: string): void;
  'session-closed'(notice: ClosedNotice): void;
}

type AppServer = Server<Asked, Told, DefaultEventsMap, SocketIoSessionData>;
type AppSocket = Socket<Asked, Told, DefaultEventsMap, SocketIoSessionData>;

export interface SocketIoStageOptions extends ServiceOptions {
  readonly context?: SessionContextOptions;
  readonly session?: SocketIoOptions;
  readonly server?: Partial<ServerOptions>;
}

/** An Express application and a Socket.IO server on one port, which share the sessions of one service. */
export class SocketIoStage {
  readonly service: Service;
  readonly io: AppServer;
  readonly live: LiveSockets;
  readonly connected: AppSocket[] = [];
  readonly #http: HttpServer;
  readonly #clients: ClientSocket[] = [];

  private constructor(service: Service, http: HttpServer, options: Partial<ServerOptions>) {
    this.service = service;
    this.#http = http;
    this.live = LiveSockets.of(service.manager);
    this.io = new Server(http, options);
  }

  static async start(
    t: ExecutionContext,
    { context = {}, session = {}, server = {}, ...options }: SocketIoStageOptions = {},
  ): Promise<SocketIoStage> {
    const service = await startService(t, context, options);
    const stage = new SocketIoStage(service, createServer(application(service.manager)), server);
    stage.io.use(socketIoSession(service.manager, session));
    stage.io.on('connection', (socket) => stage.#serve(socket));
    await new Promise<void>((resolve) => stage.#http.listen(0, '127.0.0.1', resolve));
    t.teardown(() => stage.#close());
    return stage;
  }

  get manager(): SessionManager {
    return this.service.manager;
  }

  get clock(): ManualClock {
    return this.service.clock;
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  logIn(account = 'alice'): Promise<IssuedSession> {
    return this.manager.createSession(account);
  }

  client(options: Partial<ManagerOptions & SocketOptions> = {}, namespace = ''): SocketIoClient {
    const socket = io(`http://127.0.0.1:${this.port}${namespace}`, { forceNew: true, ...options });
    this.#clients.push(socket);
    return new SocketIoClient(socket);
  }

  async connect(options: Partial<ManagerOptions & SocketOptions>): Promise<SocketIoClient> {
    return this.client(options).connected();
  }

  async empties(): Promise<void> {
    await eventually(() => this.live.size === 0 && this.io.engine.clientsCount === 0, { what: 'no socket is left' });
  }

  #serve(socket: AppSocket): void {
    this.connected.push(socket);
    const { session } = socket.data;
    socket.emit('greeting', session.accountId);
    socket.on('get', async (key, answer) => {
      await session.reload();
      answer(session.getAttr(key) ?? null);
    });
    socket.on('set', async (key, value, answer) => {
      await session.setAttr(key, value);
      answer();
    });
  }

  async #close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.io.close();
    this.#http.closeAllConnections();
  }
}

/** A real client of Socket.IO, with its events as promises. */
export class SocketIoClient {
  readonly socket: ClientSocket;
  readonly notice: Promise<ClosedNotice>;
  readonly disconnected: Promise<string>;
  readonly greeting: Promise<string>;

  constructor(socket: ClientSocket) {
    this.socket = socket;
    this.notice = new Promise((resolve) => socket.once('session-closed', resolve));
    this.disconnected = new Promise((resolve) => socket.once('disconnect', resolve));
    this.greeting = new Promise((resolve) => socket.once('greeting', resolve));
  }

  connected(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once('connect', () => resolve(this));
      this.socket.once('connect_error', reject);
    });
  }

  refused(): Promise<Error & { readonly data?: ConnectRefusalData }> {
    return new Promise((resolve, reject) => {
      this.socket.once('connect', () => reject(new Error('The client was accepted')));
      this.socket.once('connect_error', (error) => {
        this.socket.close();
        resolve(error);
      });
    });
  }

  get(key: string): Promise<unknown> {
    return this.socket.emitWithAck('get', key);
  }

  set(key: string, value: string): Promise<unknown> {
    return this.socket.emitWithAck('set', key, value);
  }
}

function application(manager: SessionManager): express.Express {
  const app = express().set('env', 'test');
  app.put('/attributes/:key/:value', async (req, res) => {
    const session = await sessionFromRequest(req, manager);
    await session?.setAttr(req.params.key, req.params.value);
    res.sendStatus(session === undefined ? 401 : 204);
  });
  app.get('/attributes/:key', async (req, res) => {
    const session = await sessionFromRequest(req, manager);
    res.json(session?.getAttr(req.params.key) ?? null);
  });
  return app;
}
