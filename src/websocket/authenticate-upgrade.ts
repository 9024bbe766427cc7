import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { invalidArgument } from '../errors/session-error.js';
import { type OriginOptions, OriginPolicy } from '../requests/origin-policy.js';
import { bearerOf, RequestCredentials, type RequestSessionOptions } from '../requests/request-credentials.js';
import { runtimeOf } from '../service/app-service.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { requireWholeNumber } from '../validation/argument-rules.js';
import { requireLive } from './live-socket.js';
import { LiveSockets } from './live-sockets.js';
import { refuse } from './refusal.js';
import { type UpgradeDoor, UpgradeDoors, type UpgradingServer } from './upgrade-doors.js';
import { type WebSocketFace, WebSocketLink } from './web-socket-link.js';

const defaultPingTime = 30_000;
const longestPingTime = 2_147_483_647;

/** What is needed of a `WebSocketServer` of the package `ws`. */
export interface WebSocketServerFace {
  readonly options: { readonly noServer?: boolean | undefined };
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (socket: WebSocketFace, request: IncomingMessage) => void,
  ): void;
  emit(event: 'connection', socket: WebSocketFace, request: IncomingMessage, session: Session): boolean;
}

export interface UpgradeOptions extends RequestSessionOptions, OriginOptions {
  /** A `WebSocketServer` of `ws`, made with `noServer: true`. Gets the `connection` events. */
  readonly webSocketServer: WebSocketServerFace;
  /** Only upgrades of exactly this path, without the query, are taken. Default: every one. */
  readonly path?: string;
  /**
   * Whether an open WebSocket is activity, so that the session does not idle. Default false: it shows that the client
   * is there (`presence`), and a session that nobody uses expires all the same.
   */
  readonly activity?: boolean;
  /**
   * Pause between pings, in milliseconds; a client that has not answered one until the next is due is cut off. 0 for
   * none. Default 30000.
   */
  readonly pingTime?: number;
}

const sessions = new WeakMap<object, Session>();

/**
 * Lets only those upgrade to a WebSocket who bear the token of a live session, and closes the WebSocket when the session
 * ends, wherever it was ended, with the code and sentence of that close reason. While it is open it counts as contact.
 *
 * Others are refused by HTTP, before the handshake, with a problem document: 401 without a live session, 403 when another
 * site's page asks, 503 with `Retry-After` while the store is away or the service stops. Upgrades of another path are left to
 * other listeners of the server; where there are none, they are answered with 404. A Socket.IO server on the same HTTP
 * server needs `destroyUpgrade: false`, or it cuts off whoever's authentication takes longer than a second.
 *
 * `webSocketServer` then emits `connection` with the session as third argument, which `sessionOf(socket)` gives too.
 *
 * @returns ends it: no more upgrades are taken. WebSockets that are open stay
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function authenticateUpgrade(
  server: UpgradingServer,
  manager: SessionManager,
  options: UpgradeOptions,
): () => void {
  const door = new AuthenticatingDoor(manager, options);
  const doors = UpgradeDoors.of(server);
  doors.add(door);
  return () => doors.remove(door);
}

/**
 * The session by which a WebSocket was opened, as it was then; its `reload()` looks again.
 * @throws SessionError `INVALID_ARGUMENT` for a socket that `authenticateUpgrade` did not let in
 */
export function sessionOf(socket: object): Session {
  const session = sessions.get(socket);
  if (session === undefined) throw invalidArgument('socket', 'must have been let in by authenticateUpgrade', '');
  return session;
}

class AuthenticatingDoor implements UpgradeDoor {
  readonly path: string | undefined;
  readonly #manager: SessionManager;
  readonly #credentials: RequestCredentials;
  readonly #origins: OriginPolicy;
  readonly #live: LiveSockets;
  readonly #webSocketServer: WebSocketServerFace;
  readonly #activity: boolean;
  readonly #pingTime: number;

  constructor(manager: SessionManager, options: UpgradeOptions) {
    const { webSocketServer, path, activity = false, pingTime = defaultPingTime } = options;
    // One with a server of its own takes upgrades by itself, unasked who made them.
    if (webSocketServer?.options?.noServer !== true) {
      throw invalidArgument(
        'webSocketServer',
        'must be a WebSocketServer made with noServer: true',
        typeof webSocketServer,
      );
    }
    if (path !== undefined && (typeof path !== 'string' || !/^\/[^?#]*$/.test(path))) {
      throw invalidArgument('path', 'must begin with a slash and have no query', path);
    }
    if (typeof activity !== 'boolean') throw invalidArgument('activity', 'must be true or false', activity);
    this.#live = LiveSockets.of(manager);
    this.#manager = manager;
    this.#credentials = new RequestCredentials(manager, options);
    this.#origins = new OriginPolicy(options);
    this.#webSocketServer = webSocketServer;
    this.path = path;
    this.#activity = activity;
    this.#pingTime = requireWholeNumber('pingTime', pingTime, 0, longestPingTime);
  }

  admit(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Between the upgrade and the handshake nobody else listens, and an error would end the process.
    const onError = () => socket.destroy();
    socket.on('error', onError);
    this.#authenticate(request, socket).then(
      ([link, session]) => {
        if (socket.destroyed) return;
        socket.off('error', onError);
        this.#open(request, socket, head, link, session);
      },
      (error) => refuse(socket, error),
    );
  }

  async #authenticate(request: IncomingMessage, socket: Duplex): Promise<[WebSocketLink, Session]> {
    // As over HTTP: a bearer header, which no browser sends by itself, may come from anywhere.
    if (bearerOf(request) === undefined) this.#origins.require(request);
    const session = await this.#credentials.authenticate(request);
    const link = new WebSocketLink(runtimeOf(this.#manager).clock, this.#activity, this.#pingTime);
    if (!socket.destroyed) {
      // Whatever becomes of the upgrade, this is its end.
      socket.once('close', () => this.#live.leave(link));
      await this.#live.join(this.#manager, session, link);
      requireLive(link);
    }
    return [link, session];
  }

  #open(request: IncomingMessage, socket: Duplex, head: Buffer, link: WebSocketLink, session: Session): void {
    const webSocketServer = this.#webSocketServer;
    webSocketServer.handleUpgrade(request, socket, head, (webSocket) => {
      sessions.set(webSocket, session);
      link.attach(webSocket);
      // A server that verifies clients itself takes its time, in which the session may end.
      if (link.ended !== undefined) return;
      // At once, or a first message would come before the application listens.
      webSocketServer.emit('connection', webSocket, request, session);
    });
  }
}
