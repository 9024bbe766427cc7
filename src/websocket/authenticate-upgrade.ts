import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import * as v from 'valibot';
import { reportFault } from '../errors/fault-report.js';
import { invalidArgument } from '../errors/session-error.js';
import {
  bearerTokenOf,
  Credentials,
  credentialOptions,
  credentialSecrets,
  type RequestSessionOptions,
} from '../requests/credentials.js';
import { type HandshakeOriginOptions, handshakeOriginOptions, OriginPolicy } from '../requests/origin-policy.js';
import { reportRefusal } from '../requests/refusals.js';
import { requestHeadOf } from '../requests/request-head.js';
import { runtimeOf } from '../service/app-service.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { longestTimer } from '../time/longest-timer.js';
import { checkOptions, trueOrFalse, wholeNumber } from '../validation/options.js';
import { requireLive } from './live-socket.js';
import { LiveSockets } from './live-sockets.js';
import { refuse } from './refusal.js';
import { type UpgradeRoute, UpgradeRouter, type UpgradingServer } from './upgrade-router.js';
import { type WebSocketLike, WebSocketLink } from './web-socket-link.js';

/** The close code with which a WebSocket server reports that it failed (RFC 6455, 7.4.1). */
const internalErrorCode = 1011;

/** The part of a `WebSocketServer` of the package `ws` that is used. */
export interface WebSocketServerLike {
  readonly options: { readonly noServer?: boolean | undefined };
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    callback: (socket: WebSocketLike, request: IncomingMessage) => void,
  ): void;
  emit(event: 'connection', socket: WebSocketLike, request: IncomingMessage, session: Session): boolean;
}

export interface UpgradeOptions extends RequestSessionOptions, HandshakeOriginOptions {
  /** A `WebSocketServer` of `ws`, made with `noServer: true`. It emits the `connection` events. */
  readonly webSocketServer: WebSocketServerLike;
  /** The only path, without the query, whose upgrades are handled. Default: all paths. */
  readonly path?: string;
  /**
   * Whether browsers reach the server by HTTPS only. If so, the token's cookie is `__Host-sid`, as in
   * `sessionHttpModule`, and a page that was loaded by HTTP is another site. Default false.
   */
  readonly secure?: boolean;
  /**
   * Whether an open WebSocket counts as activity, so that the session does not become idle. Default false: it only
   * keeps the session `online`, and an unused session expires.
   */
  readonly activity?: boolean;
  /**
   * Milliseconds between pings. A client that has not answered a ping when the next ping is due is disconnected. 0 for
   * no pings. Default 30000.
   */
  readonly pingTime?: number;
}

const pathRule = 'must begin with a slash and have no query';
const serverRule = 'must be a WebSocketServer made with noServer: true';

const known = {
  // A WebSocketServer that listens by itself would accept upgrades without authentication.
  webSocketServer: v.custom<WebSocketServerLike>(isWithoutServer, serverRule),
  path: v.optional(v.pipe(v.string(pathRule), v.regex(/^\/[^?#]*$/, pathRule))),
  activity: v.optional(trueOrFalse(), false),
  pingTime: v.optional(wholeNumber(0, longestTimer), 30_000),
  ...credentialOptions,
  ...handshakeOriginOptions,
};

const sessions = new WeakMap<object, Session>();

/**
 * Upgrades only requests with a credential of a live session to a WebSocket. Closes the WebSocket when the session
 * ends, on any node, with the code and sentence of the close reason. An open WebSocket keeps its session `online`.
 *
 * Other requests are refused before the handshake with a problem document: 401 without a live session, 403 from a page
 * of another site, 503 with `Retry-After` while the store is unavailable or the service stops. Upgrades of other paths
 * are left to the server's other `upgrade` listeners; without any, they are answered with 404.
 *
 * `webSocketServer` then emits `connection` with the session as third argument; `sessionOfSocket(socket)` returns it
 * too.
 *
 * **Other listeners of the same HTTP server** must leave this path alone. A `WebSocketServer({ server, path })` of `ws`
 * answers 400 to all other paths, including this one. Create it with `noServer: true`, and pass it to a separate
 * `authenticateUpgrade`, or call its `handleUpgrade` for its path. A Socket.IO server needs `destroyUpgrade: false`;
 * otherwise it ends upgrades that take longer than a second. The first upgrade that another listener answered is
 * reported as a process warning.
 *
 * @returns a function that stops handling upgrades; open WebSockets stay open
 * @throws SessionError `INVALID_CONTEXT` for options, `INVALID_ARGUMENT` for a wrong `manager`
 */
export function authenticateUpgrade(
  server: UpgradingServer,
  manager: SessionManager,
  options: UpgradeOptions,
): () => void {
  const route = new AuthenticatedRoute(manager, options);
  const router = UpgradeRouter.of(server);
  router.add(route);
  return () => router.remove(route);
}

/**
 * Returns the session of a WebSocket, as it was at the upgrade. Its `reload()` reads it again.
 * @throws SessionError `INVALID_ARGUMENT` for a socket that `authenticateUpgrade` did not open
 */
export function sessionOfSocket(socket: object): Session {
  const session = sessions.get(socket);
  if (session === undefined) throw invalidArgument('socket', 'must have been opened by authenticateUpgrade', '');
  return session;
}

class AuthenticatedRoute implements UpgradeRoute {
  readonly path: string | undefined;
  readonly #manager: SessionManager;
  readonly #credentials: Credentials;
  readonly #origins: OriginPolicy;
  readonly #live: LiveSockets;
  readonly #webSocketServer: WebSocketServerLike;
  readonly #activity: boolean;
  readonly #pingTime: number;
  #hasReported = false;

  constructor(manager: SessionManager, options: UpgradeOptions) {
    const front = 'authenticateUpgrade';
    const checked = checkOptions({ front, known, secrets: [...credentialSecrets, 'webSocketServer'] }, options);
    this.#live = LiveSockets.of(manager);
    this.#manager = manager;
    this.#credentials = new Credentials(front, checked);
    const { secure, trustedOrigins, requireOrigin } = checked;
    this.#origins = new OriginPolicy({ secure, trustedOrigins, requireOrigin });
    this.#webSocketServer = checked.webSocketServer;
    this.path = checked.path;
    this.#activity = checked.activity;
    this.#pingTime = checked.pingTime;
  }

  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Until the handshake the socket has no other error listener, and an unhandled error would end the process.
    const onError = () => socket.destroy();
    socket.on('error', onError);
    this.#authenticate(request, socket)
      .then(
        ([link, session]) => {
          if (this.#isAnswered(socket)) return;
          this.#open(request, socket, head, link, session);
          socket.off('error', onError);
        },
        (error) => {
          if (!this.#isAnswered(socket)) refuse(socket, error);
        },
      )
      .catch((error) => {
        // For example, `handleUpgrade` of `ws` throws if another listener has upgraded the socket already.
        reportFault('An upgrade could not be completed', error);
        socket.destroy();
      });
  }

  async #authenticate(request: IncomingMessage, socket: Duplex): Promise<[WebSocketLink, Session]> {
    const session = await this.#sessionOf(request);
    const link = new WebSocketLink(runtimeOf(this.#manager).clock, this.#activity, this.#pingTime);
    if (!socket.destroyed) {
      // The socket always closes, however the upgrade ends.
      socket.once('close', () => this.#live.leave(link));
      await this.#live.join(this.#manager, session, link);
      requireLive(link);
    }
    return [link, session];
  }

  async #sessionOf(request: IncomingMessage): Promise<Session> {
    const head = requestHeadOf(request);
    try {
      // No browser sends a bearer header by itself, so such a request may come from any site.
      if (bearerTokenOf(head) === undefined) this.#origins.require(head);
      return await this.#credentials.sessionOf(this.#manager, head);
    } catch (error) {
      reportRefusal(this.#manager, this.#credentials, head, error);
      throw error;
    }
  }

  /** Whether the client has disconnected, or another listener of the server has answered the upgrade. */
  #isAnswered(socket: Duplex): boolean {
    if (socket.writableEnded && !this.#hasReported) {
      this.#hasReported = true;
      reportFault(
        `Another 'upgrade' listener of the HTTP server answered an upgrade of ${this.path ?? 'a path'} that authenticateUpgrade was handling`,
        'A WebSocketServer made with { server, path } answers 400 to all other paths: make it with { noServer: true }. A Socket.IO server needs destroyUpgrade: false.',
      );
    }
    return socket.destroyed || socket.writableEnded;
  }

  #open(request: IncomingMessage, socket: Duplex, head: Buffer, link: WebSocketLink, session: Session): void {
    const webSocketServer = this.#webSocketServer;
    webSocketServer.handleUpgrade(request, socket, head, (webSocket) => {
      try {
        sessions.set(webSocket, session);
        link.attach(webSocket);
        // The session may end while `verifyClient` of the WebSocketServer is pending.
        if (link.ended !== undefined) return;
        // In the same turn, so that the application listens before the first message arrives.
        webSocketServer.emit('connection', webSocket, request, session);
      } catch (error) {
        reportFault("A 'connection' listener of the WebSocketServer threw", error);
        webSocket.close(internalErrorCode, 'The server failed');
      }
    });
  }
}

function isWithoutServer(value: unknown): boolean {
  const options: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'options') : undefined;
  return typeof options === 'object' && options !== null && Reflect.get(options, 'noServer') === true;
}
