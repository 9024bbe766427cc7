import type { IncomingMessage } from 'node:http';
import { type ClosedNotice, closedNotice } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { invalidArgument, SessionError, type SessionErrorCode } from '../errors/session-error.js';
import { bearerTokenIn } from '../requests/bearer-token.js';
import { type OriginOptions, OriginPolicy } from '../requests/origin-policy.js';
import { bearerOf, RequestCredentials, type RequestSessionOptions } from '../requests/request-credentials.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { LiveSockets } from './live-sockets.js';
import { SocketIoLink, type SocketIoSocket } from './socket-io-link.js';

export interface SocketIoOptions extends RequestSessionOptions, OriginOptions {
  /** Whether an open socket is activity, so that the session does not idle. Default false: it only shows presence. */
  readonly activity?: boolean;
}

/** What `socket.data` has behind the middleware: the `SocketData` of a typed `Server`. */
export interface SocketIoSessionData {
  /** The session by which the socket was opened, as it was then; its `reload()` looks again. */
  session: Session;
}

/** What clients find in the `data` of their `connect_error`. */
export interface ConnectRefusalData {
  /** `INTERNAL` for a fault that is none of theirs. */
  readonly code: SessionErrorCode | 'INTERNAL';
  /** Why the session ended, with the code `SESSION_CLOSED`. */
  readonly closed?: ClosedNotice;
}

/** How Socket.IO is told to refuse a client. */
export class ConnectRefusal extends Error {
  override readonly name = 'ConnectRefusal';
  readonly data: ConnectRefusalData;

  constructor(message: string, data: ConnectRefusalData, options?: ErrorOptions) {
    super(message, options);
    this.data = data;
  }
}

/**
 * A middleware for `io.use(…)`, or for that of a namespace: lets only those in who bear the token of a live session, by
 * cookie, by header or as `auth: { token }`, and puts the session into `socket.data.session`. When it ends, wherever it
 * was ended, the client is sent `session-closed` with the notice of why, and is disconnected. Others get a `connect_error`
 * whose `data.code` says why.
 *
 * It looks at the origin as well, because a page of another site may open a WebSocket with its visitor's cookies,
 * whatever `cors` says; `socketIoAllowRequest` refuses those before the handshake.
 *
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function socketIoSession(
  manager: SessionManager,
  options: SocketIoOptions = {},
): (socket: SocketIoSocket, next: (error?: Error) => void) => void {
  const { activity = false } = options;
  if (typeof activity !== 'boolean') throw invalidArgument('activity', 'must be true or false', activity);
  const live = LiveSockets.of(manager);
  const credentials = new RequestCredentials(manager, options);
  const origins = new OriginPolicy(options);

  const authenticate = async (socket: SocketIoSocket): Promise<void> => {
    requireMiddlewares(socket);
    const { request } = socket;
    const token = tokenIn(socket.handshake.auth) ?? bearerOf(request);
    // As over HTTP: what no browser sends by itself may come from anywhere.
    if (token === undefined) origins.require(request);
    const session = await credentials.authenticate(request, token);
    // It is gone, and nothing would ever tell of its end.
    if (socket.conn.readyState !== 'open') return;
    const link = new SocketIoLink(socket, activity);
    const leave = () => live.leave(link);
    socket.once('disconnect', leave);
    socket.conn.once('close', leave);
    await live.join(manager, session, link);
    link.letIn();
    Object.assign(socket.data, { session });
  };

  return (socket, next) => {
    authenticate(socket).then(
      () => next(),
      (error) => next(refusalOf(error)),
    );
  };
}

/**
 * For the option `allowRequest` of a Socket.IO server: refuses what a page of another site asks for before there is a
 * connection. A client with a token that no browser sends by itself may still come from anywhere.
 *
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function socketIoAllowRequest(
  options: OriginOptions = {},
): (request: IncomingMessage, callback: (refusal: string | null | undefined, isAllowed: boolean) => void) => void {
  const origins = new OriginPolicy(options);
  return (request, callback) => {
    try {
      if (bearerOf(request) === undefined) origins.require(request);
    } catch (error) {
      callback(refusalOf(error).message, false);
      return;
    }
    callback(undefined, true);
  };
}

/** In the connect packet, where clients put what their browser lets them put into no header. */
function tokenIn(auth: { readonly [key: string]: unknown }): string | undefined {
  return typeof auth.token === 'string' ? bearerTokenIn(`Bearer ${auth.token}`) : undefined;
}

/** A recovered connection would skip this middleware: a session that ended meanwhile would go on, and end never. */
function requireMiddlewares({ nsp }: SocketIoSocket): void {
  const recovery = nsp.server._opts.connectionStateRecovery;
  if (recovery === undefined || recovery.skipMiddlewares === false) return;
  throw new TypeError('socketIoSession needs connectionStateRecovery: { skipMiddlewares: false }');
}

function refusalOf(error: unknown): ConnectRefusal {
  if (!SessionError.is(error)) {
    // What went wrong is for the operator; a stranger learns only that something did.
    reportFault('A Socket.IO client could not be let in', error);
    return new ConnectRefusal('The server failed', { code: 'INTERNAL' }, { cause: error });
  }
  const closed = SessionError.is(error, 'SESSION_CLOSED') ? { closed: closedNotice(error.details.reason) } : {};
  return new ConnectRefusal(error.message, { code: error.code, ...closed }, { cause: error });
}
