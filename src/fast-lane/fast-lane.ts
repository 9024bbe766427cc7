import { createServer, type IncomingMessage, maxHeaderSize, type Server, type ServerResponse } from 'node:http';
import { type Server as NetServer, Socket } from 'node:net';
import { HoldTimes } from '../delivery/hold-times.js';
import { guarded } from '../errors/guarded.js';
import type { LaneSide } from '../measures/kinds.js';
import type { NodeMeasures } from '../measures/node-measures.js';
import { requestTarget } from '../requests/request-target.js';
import { isEmitter } from '../requests/require-server.js';
import { runtimeOf } from '../service/app-service.js';
import type { SessionManager } from '../service/session-manager.js';
import { UptimeClock } from '../time/clock.js';
import { checkOptions, invalidOption } from '../validation/options.js';
import { ConnectionListeners } from './connection-listeners.js';
import type { LaneAnswer } from './lane-answer.js';
import { LaneConnection } from './lane-connection.js';
import type { LaneCounts } from './lane-counts.js';
import type { LaneHost, LaneMember } from './lane-host.js';
import { type FastLaneOptions, laneOptions } from './lane-options.js';
import { LanePolls } from './lane-polls.js';
import { type ConnectionListener, NodeSide } from './node-side.js';
import { type LaneLimits, PollReader } from './poll-reader.js';
import { mostHeadBytes, mostHeaders } from './request-grammar.js';
import { ResponseText } from './response-text.js';

/** A lane that is open. */
export interface FastLane {
  readonly counts: LaneCounts;
  /** Stops taking polls. Held polls are still answered; later requests on their connections go to `node:http`. */
  close(): void;
}

/**
 * Answers plain polls on the connections of a server before `node:http` parses them. Their connections then take about
 * half of the memory. All other requests go to `node:http` untouched. Middleware, logs and limits of the application
 * don't see the polls of the lane.
 * @param server a server of `node:http` or `node:https`, also one of Fastify, Express or Hono, before or while it
 *   listens. Its type is wider, because the `serve` of Hono declares that it may return a server of `node:http2`; such a
 *   server is refused
 * @throws SessionError `INVALID_CONTEXT`, `INVALID_ARGUMENT` for a wrong `manager`
 */
export function fastLane(server: NetServer, manager: SessionManager, options: FastLaneOptions = {}): FastLane {
  return new Lane(server, manager, options);
}

const events = ['secureConnection', 'connection'] as const;

class Lane implements FastLane, LaneHost, LaneLimits {
  readonly server: Server;
  readonly node: NodeSide;
  readonly reader: PollReader;
  readonly path: string;
  readonly polls: LanePolls;
  readonly mostHeadBytes: number;
  readonly text: ResponseText;
  readonly clock = new UptimeClock();
  readonly holds = new HoldTimes<LaneMember>(this.clock, (connection) => connection.due());
  readonly counts = { pollsInLane: 0, pollsOutside: 0, handedOver: 0, returned: 0 };
  readonly onRequest: FastLaneOptions['onRequest'];
  #isClosed = false;
  readonly #returns: boolean;
  readonly #measures: NodeMeasures;
  readonly #event: (typeof events)[number];
  readonly #listener: ConnectionListener;
  readonly #connections = new Map<object, LaneConnection>();
  readonly #listeners = new ConnectionListeners((socket) => this.#connections.get(socket));
  readonly #onConnection = guarded('A connection could not be taken', (stream: object) => this.#connected(stream));
  readonly #onRequest = guarded(
    'A request could not be counted',
    (request: IncomingMessage, response: ServerResponse) => this.#requested(request, response),
  );

  constructor(server: NetServer, manager: SessionManager, options: FastLaneOptions) {
    const checked = checkOptions({ front: 'fastLane', known: laneOptions }, options);
    const own = connectionListener();
    const event = events.find((name) => own !== undefined && listensBy(server, name, own));
    if (own === undefined || event === undefined || !listensBy(server, event, own)) {
      const rule = 'must be a server of node:http or node:https that has no lane yet';
      throw invalidOption('fastLane', 'server', rule, typeof server);
    }
    this.#measures = runtimeOf(manager).events.measures;
    this.server = server;
    this.#listener = own;
    this.node = new NodeSide(server, own, this.#listeners.data);
    this.reader = new PollReader(this);
    this.path = checked.path;
    this.polls = new LanePolls(manager.inApp(checked.app), checked);
    const ownHeaderSize: unknown = Reflect.get(server, 'maxHeaderSize');
    this.mostHeadBytes = Math.min(mostHeadBytes, typeof ownHeaderSize === 'number' ? ownHeaderSize : maxHeaderSize);
    this.text = new ResponseText(server);
    this.onRequest = checked.onRequest;
    this.#returns = checked.returns;
    this.#event = event;
    server.removeListener(event, own);
    server.prependListener(event, this.#onConnection);
    server.prependListener('request', this.#onRequest);
    this.#joinClosing();
  }

  get mostHeaders(): number {
    return this.server.maxHeadersCount || mostHeaders;
  }

  /**
   * Once the server does not listen any more, every further request goes to `node:http`, where the application may end
   * the connection.
   */
  get isOpen(): boolean {
    return !this.#isClosed && this.server.listening;
  }

  get mayReturn(): boolean {
    return this.#returns && this.isOpen;
  }

  get headerTime(): number {
    const { headersTimeout, requestTimeout } = this.server;
    return headersTimeout && requestTimeout
      ? Math.min(headersTimeout, requestTimeout)
      : headersTimeout || requestTimeout;
  }

  /**
   * Node closes an idle connection a second later than it announces, because the client may be sending its next
   * request.
   */
  get idleTime(): number {
    const { keepAliveTimeout, keepAliveTimeoutBuffer = 1_000 }: IdleSettings = this.server;
    return keepAliveTimeout > 0 ? keepAliveTimeout + keepAliveTimeoutBuffer : 0;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.server.removeListener(this.#event, this.#onConnection);
    this.server.prependListener(this.#event, this.#listener);
    this.#endIfLeft();
  }

  countPoll(side: LaneSide): void {
    if (side === 'lane') this.counts.pollsInLane += 1;
    else this.counts.pollsOutside += 1;
    this.#measures.lanePolls.add(side);
  }

  report(answer: LaneAnswer, status: number | undefined): void {
    const { onRequest } = this;
    const { asked } = answer;
    if (onRequest === undefined || asked === undefined) return;
    const { query, ip, since } = asked;
    const url = query === '' ? this.path : `${this.path}?${query}`;
    const request = { url, ip, status, duration: performance.now() - since };
    guarded('The listener onRequest of the fast lane failed', onRequest)(request);
  }

  gave(connection: LaneMember, counts: boolean): void {
    if (counts && this.server.maxRequestsPerSocket) return;
    this.forget(connection);
  }

  forget(connection: LaneMember): void {
    this.holds.remove(connection);
    this.#connections.delete(connection.socket);
    this.#endIfLeft();
  }

  #connected(stream: object): void {
    // `node:http` takes any stream that an application emits as a connection. The lane needs members that only a socket
    // has.
    if (stream instanceof Socket) {
      this.#listeners.watch(stream);
      this.#connections.set(stream, new LaneConnection(this, stream));
    } else this.#listener.call(this.server, stream);
  }

  #requested(request: IncomingMessage, response: ServerResponse): void {
    this.#connections.get(request.socket)?.requested(response);
    const { url } = request;
    if (url?.startsWith(this.path) && requestTarget(url).path === this.path) this.countPoll('node-http');
  }

  /**
   * Extends the methods of the server that close connections. `node:http` does not know the connections that only the
   * lane has used. It takes the others for idle even while the lane holds polls of them.
   */
  #joinClosing(): void {
    const { server } = this;
    const { closeIdleConnections, closeAllConnections } = server;
    const closeIdle = () => {
      const connections = [...this.#connections.values()];
      const used = connections.filter((each) => each.isIdleForNode);
      for (const { socket } of used) socket.destroy = () => socket;
      closeIdleConnections.call(server);
      for (const { socket } of used) Reflect.deleteProperty(socket, 'destroy');
      for (const each of connections) if (each.isIdle) each.socket.destroy();
    };
    const closeAll = () => {
      closeAllConnections.call(server);
      for (const { socket } of [...this.#connections.values()]) socket.destroy();
    };
    server.closeIdleConnections = closeIdle;
    server.closeAllConnections = closeAll;
    // A lane that was opened later has replaced these methods by its own, which call these. Then these must stay.
    this.#leaveClosing = () => {
      if (server.closeIdleConnections === closeIdle) server.closeIdleConnections = closeIdleConnections;
      if (server.closeAllConnections === closeAll) server.closeAllConnections = closeAllConnections;
    };
  }

  #leaveClosing: () => void = () => {};

  #endIfLeft(): void {
    if (!this.#isClosed || this.#connections.size > 0) return;
    this.server.removeListener('request', this.#onRequest);
    this.#leaveClosing();
  }
}

interface IdleSettings {
  readonly keepAliveTimeout: number;
  /** Exists since Node 22.19 and 24.6. */
  readonly keepAliveTimeoutBuffer?: number;
}

/**
 * Returns the listener with which `node:http` takes a connection. All servers of `node:http` and `node:https` share it.
 */
function connectionListener(): ConnectionListener | undefined {
  return createServer().listeners('connection').find(isConnectionListener);
}

function isConnectionListener(listener: unknown): listener is ConnectionListener {
  return typeof listener === 'function';
}

/** Whether `node:http` takes the connections of the server by its own listener: a server of `node:http` or `node:https`. */
function listensBy(server: NetServer, event: string, own: ConnectionListener): server is Server {
  return isEmitter(server) && server.listeners(event).includes(own);
}
