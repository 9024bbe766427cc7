import type { IncomingMessage } from 'node:http';
import * as v from 'valibot';
import { type ClosedNotice, closedNotice } from '../errors/close-reason.js';
import type { SessionErrorCode } from '../errors/error-statuses.js';
import { reportFault } from '../errors/fault-report.js';
import { SessionError, sessionUnknown } from '../errors/session-error.js';
import { isTokenText } from '../requests/cookies.js';
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
import { seenClient } from '../requests/seen-client.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { checkOptions, trueOrFalse } from '../validation/options.js';
import { LiveSockets } from './live-sockets.js';
import { onCleanup, type SocketIoLike, SocketIoLink } from './socket-io-link.js';

export interface SocketIoOptions extends RequestSessionOptions, HandshakeOriginOptions {
  /**
   * Whether browsers reach the server by HTTPS only. If so, the token's cookie is `__Host-sid`, as in
   * `sessionHttpModule`, and a page that was loaded by HTTP is another site. Default false.
   */
  readonly secure?: boolean;
  /**
   * Whether an open socket counts as activity, so that the session does not become idle. Default false: it counts only
   * as presence.
   */
  readonly activity?: boolean;
}

const known = { activity: v.optional(trueOrFalse(), false), ...credentialOptions, ...handshakeOriginOptions };

/** The fields that the middleware sets in `socket.data`: the `SocketData` of a typed `Server`. */
export interface SocketIoSessionData {
  /** The session of the socket, as it was at the connection; its `reload()` reads it again. */
  session: Session;
}

/** The `data` of a client's `connect_error`. */
export interface ConnectRefusalData {
  /** `INTERNAL` for a fault of the server. */
  readonly code: SessionErrorCode | 'INTERNAL';
  /** Why the session ended, with the code `SESSION_CLOSED`. */
  readonly closed?: ClosedNotice;
}

/** The error with which the middleware refuses a client. */
export class ConnectRefusal extends Error {
  override readonly name = 'ConnectRefusal';
  readonly data: ConnectRefusalData;

  constructor(message: string, data: ConnectRefusalData, options?: ErrorOptions) {
    super(message, options);
    this.data = data;
  }
}

/**
 * Returns a middleware for `io.use(…)` or `namespace.use(…)`. It accepts only clients with the token of a live session,
 * by cookie, by header or as `auth: { token }`, and sets `socket.data.session`. When the session ends, on any node, the
 * client receives `session-closed` with the close notice, and is disconnected. Other clients receive a `connect_error`
 * whose `data.code` is the error code.
 *
 * It checks the origin too, because `cors` does not prevent a page of another site from opening a WebSocket with its
 * visitor's cookies. `socketIoAllowRequest` refuses such a page before the handshake.
 *
 * @throws SessionError `INVALID_CONTEXT` for options, `INVALID_ARGUMENT` for a wrong `manager`
 */
export function socketIoSession(
  manager: SessionManager,
  options: SocketIoOptions = {},
): (socket: SocketIoLike, next: (error?: Error) => void) => void {
  const authentication = new SocketIoAuthentication(manager, options);
  return (socket, next) => {
    authentication
      .authenticate(socket)
      .then(
        () => next(),
        (error) => next(refusalOf(error)),
      )
      .catch((error) => {
        // `next` calls the application's next middleware, which threw. The client would wait for an answer forever.
        reportFault('A Socket.IO middleware threw', error);
        socket.conn.close();
      });
  };
}

/** Finds the sessions of clients, and ends each socket with its session. */
class SocketIoAuthentication {
  readonly #manager: SessionManager;
  readonly #activity: boolean;
  readonly #live: LiveSockets;
  readonly #credentials: Credentials;
  readonly #origins: OriginPolicy;

  /** @throws SessionError `INVALID_CONTEXT` for options, `INVALID_ARGUMENT` for a wrong `manager` */
  constructor(manager: SessionManager, options: SocketIoOptions) {
    const front = 'socketIoSession';
    const checked = checkOptions({ front, known, secrets: credentialSecrets }, options);
    const { activity, secure, trustedOrigins, requireOrigin } = checked;
    this.#manager = manager;
    this.#activity = activity;
    this.#live = LiveSockets.of(manager);
    this.#credentials = new Credentials(front, checked);
    this.#origins = new OriginPolicy({ secure, trustedOrigins, requireOrigin });
  }

  /** Sets `socket.data.session`. @throws the error with which the client is refused */
  async authenticate(socket: SocketIoLike): Promise<void> {
    requireMiddlewares(socket);
    const session = await this.#sessionOf(socket);
    // The client has disconnected already, so no event would ever unregister the socket. The error prevents the next
    // middleware from receiving a socket without a session. Socket.IO does not send the error.
    if (socket.conn.readyState !== 'open') throw sessionUnknown();
    const link = new SocketIoLink(socket, this.#activity);
    const leave = () => {
      this.#live.leave(link);
      socket.conn.off('close', leave);
    };
    socket.once('disconnect', leave);
    socket.conn.once('close', leave);
    onCleanup(socket, leave);
    await this.#live.join(this.#manager, session, link);
    link.accept();
    Object.assign(socket.data, { session });
  }

  async #sessionOf(socket: SocketIoLike): Promise<Session> {
    const manager = this.#manager;
    const request = requestHeadOf(socket.request);
    const { token } = socket.handshake.auth;
    const fromAuth = isTokenText(token) ? token : undefined;
    try {
      if (fromAuth !== undefined) return await manager.authenticate(fromAuth, seenClient(manager, request));
      // No browser sends a bearer token by itself, so such a client may come from any site.
      if (bearerTokenOf(request) === undefined) this.#origins.require(request);
      return await this.#credentials.sessionOf(manager, request);
    } catch (error) {
      if (fromAuth === undefined) reportRefusal(manager, this.#credentials, request, error);
      else manager.reportRefused(error, { token: fromAuth, ip: request.ip(), userAgent: request.header('user-agent') });
      throw error;
    }
  }
}

/**
 * Returns a function for the option `allowRequest` of a Socket.IO server. It refuses requests of another site's page
 * before the handshake. A client with a bearer header may come from any site.
 *
 * @throws SessionError `INVALID_CONTEXT`
 */
export function socketIoAllowRequest(
  options: HandshakeOriginOptions = {},
): (request: IncomingMessage, callback: (refusal: string | null | undefined, isAllowed: boolean) => void) => void {
  const origins = new OriginPolicy(
    checkOptions({ front: 'socketIoAllowRequest', known: handshakeOriginOptions }, options),
  );
  return (request, callback) => {
    try {
      const head = requestHeadOf(request);
      if (bearerTokenOf(head) === undefined) origins.require(head);
    } catch (error) {
      callback(refusalOf(error).message, false);
      return;
    }
    callback(undefined, true);
  };
}

/** Throws if a recovered connection would skip this middleware, which would then miss a session that has ended. */
function requireMiddlewares({ nsp }: SocketIoLike): void {
  const recovery = nsp.server._opts.connectionStateRecovery;
  if (recovery === undefined || recovery.skipMiddlewares === false) return;
  throw new TypeError('socketIoSession needs connectionStateRecovery: { skipMiddlewares: false }');
}

function refusalOf(error: unknown): ConnectRefusal {
  if (!SessionError.is(error)) {
    // Details of an internal fault go to the operator only, never to the client.
    reportFault('A Socket.IO client could not be authenticated', error);
    return new ConnectRefusal('The server failed', { code: 'INTERNAL' }, { cause: error });
  }
  const closed = SessionError.is(error, 'SESSION_CLOSED') ? { closed: closedNotice(error.details.reason) } : {};
  return new ConnectRefusal(error.message, { code: error.code, ...closed }, { cause: error });
}
