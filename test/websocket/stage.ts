import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import express, { type Request, type Response } from 'express';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ManualClock } from '../../src/conformance/manual-clock.js';
import type { IssuedSession, Session, SessionContextOptions, SessionManager } from '../../src/index.js';
import { sessionFromRequest } from '../../src/requests/index.js';
import { authenticateUpgrade, sessionOfSocket, type UpgradeOptions } from '../../src/websocket/index.js';
import { LiveSockets } from '../../src/websocket/live-sockets.js';
import { eventually } from '../support/eventually.js';
import { type RawResponse, type RequestOptions, request } from '../support/http-client.js';
import { type EventLog, type Service, type ServiceOptions, startService } from '../support/service.js';
import { Client, type ClientOptions } from './client.js';

export interface StageOptions extends ServiceOptions {
  readonly context?: SessionContextOptions;
  readonly upgrade?: Omit<UpgradeOptions, 'webSocketServer'>;
}

/** A question of a client to the application over the WebSocket. */
type Question = { readonly get: string } | { readonly set: string; readonly value: string } | { readonly echo: string };

/** An Express application and a WebSocket server on one port, which share the sessions of one service. */
export class Stage {
  readonly manager: SessionManager;
  readonly server: Server;
  readonly webSocketServer = new WebSocketServer({ noServer: true });
  /** The session of each `connection` event. */
  readonly sessions: Session[] = [];
  /** All messages that reached the application. */
  readonly heard: unknown[] = [];
  readonly live: LiveSockets;
  readonly #service: Service | undefined;
  readonly #connections = new Set<Socket>();

  private constructor(manager: SessionManager, service: Service | undefined) {
    this.manager = manager;
    this.#service = service;
    this.server = createServer(application(manager));
    this.live = LiveSockets.of(manager);
    this.server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.once('close', () => this.#connections.delete(socket));
    });
    this.webSocketServer.on('connection', (socket: WebSocket, _request: IncomingMessage, session: Session) => {
      this.sessions.push(session);
      socket.on('message', (data) => void this.#answer(socket, JSON.parse(String(data))));
    });
  }

  static async start(
    t: ExecutionContext,
    { context = {}, upgrade = {}, ...options }: StageOptions = {},
  ): Promise<Stage> {
    const service = await startService(t, context, options);
    return Stage.#open(t, new Stage(service.manager, service), upgrade);
  }

  /** Opens a stage for a service that the test has started itself. */
  static before(t: ExecutionContext, manager: SessionManager, upgrade: StageOptions['upgrade'] = {}): Promise<Stage> {
    return Stage.#open(t, new Stage(manager, undefined), upgrade);
  }

  static async #open(t: ExecutionContext, stage: Stage, upgrade: StageOptions['upgrade']): Promise<Stage> {
    const { server, webSocketServer } = stage;
    authenticateUpgrade(server, stage.manager, { webSocketServer, ...upgrade });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    t.teardown(() => stage.#close());
    return stage;
  }

  get service(): Service {
    if (this.#service === undefined) throw new Error('The test has started the service itself');
    return this.#service;
  }

  get clock(): ManualClock {
    return this.service.clock;
  }

  get events(): EventLog {
    return this.service.events;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Number of open TCP connections. */
  get connections(): number {
    return this.#connections.size;
  }

  logIn(account = 'alice'): Promise<IssuedSession> {
    return this.manager.createSession(account);
  }

  client(options: ClientOptions = {}): Client {
    return new Client(this.port, options);
  }

  /** Resolves once the WebSocket is open. */
  connect(options: ClientOptions): Promise<Client> {
    return this.client(options).opened();
  }

  request(path: string, options?: RequestOptions): Promise<RawResponse> {
    return request(this.port, path, options);
  }

  /** Resolves once all sockets have closed and are forgotten. */
  async empties(): Promise<void> {
    await eventually(() => this.live.size === 0 && this.webSocketServer.clients.size === 0 && this.connections === 0, {
      what: 'no socket is left',
    });
  }

  async #answer(socket: WebSocket, question: Question): Promise<void> {
    this.heard.push(question);
    const session = sessionOfSocket(socket);
    if ('echo' in question) {
      socket.send(JSON.stringify(question.echo));
    } else if ('get' in question) {
      await session.reload();
      socket.send(JSON.stringify(session.getAttr(question.get) ?? null));
    } else {
      await session.setAttr(question.set, question.value);
      socket.send(JSON.stringify('done'));
    }
  }

  async #close(): Promise<void> {
    for (const client of this.webSocketServer.clients) client.terminate();
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** `PUT /attributes/:key/:value` and `GET /attributes/:key`, of the request's session. */
function application(manager: SessionManager): express.Express {
  const app = express().set('env', 'test');
  const withSession = (handle: (session: Session, req: Request, res: Response) => Promise<void>) => {
    return async (req: Request, res: Response) => {
      const session = await sessionFromRequest(req, manager);
      if (session === undefined) res.sendStatus(401);
      else await handle(session, req, res);
    };
  };
  app.put(
    '/attributes/:key/:value',
    withSession(async (session, req, res) => {
      await session.setAttr(String(req.params.key), String(req.params.value));
      res.sendStatus(204);
    }),
  );
  app.get(
    '/attributes/:key',
    withSession(async (session, req, res) => {
      res.json(session.getAttr(String(req.params.key)) ?? null);
    }),
  );
  return app;
}
