import type { Cancellable } from '../delivery/poll-request.js';
import type { StreamOptions, StreamReceiver } from '../delivery/stream-request.js';
import { invalidArgument } from '../errors/session-error.js';
import { requireKnownPageByCookie } from '../requests/cookie-poll.js';
import { soleBearer, type Tokens } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import type { RequestHead } from '../requests/request-head.js';
import { readStreamOptions } from '../requests/stream-query.js';
import type { SessionManager } from '../service/session-manager.js';
import { onceKnown } from './poll-once-known.js';
import { refusedRequest, reporting } from './reporting-receiver.js';
import { provenTokens, type RouteCredentials } from './route-credentials.js';

/** The part of an app that streams use. They call `authenticate` only if several cookies have tokens. */
export type StreamedApp = Pick<
  SessionManager,
  'authenticate' | 'streamAsBearer' | 'acknowledgeAsBearer' | 'reportRefused'
>;

/** A stream with an accepted request: well-formed, with a token, and not sent by cookie from a page of another site. */
export interface AcceptedStream {
  start(receiver: StreamReceiver): Cancellable;
}

/** `GET /events`, independent of the framework that receives the request. */
export class EventRoute {
  readonly #credentials: RouteCredentials;
  readonly #origins: OriginPolicy;

  constructor(credentials: RouteCredentials, origins: OriginPolicy) {
    this.#credentials = credentials;
    this.#origins = origins;
  }

  /** @throws SessionError `INVALID_ARGUMENT`, `SESSION_UNKNOWN` without a token, `CROSS_SITE` */
  accept(request: RequestHead, query: { readonly [name: string]: unknown }, app: StreamedApp): AcceptedStream {
    if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
    const options = readStreamOptions(request, query);
    const tokens = provenTokens(this.#credentials, this.#origins, request, () => app);
    if (options.ack === 'sent' && this.#credentials.isCookie(request)) requireKnownPageByCookie(request);
    const shown = refusedRequest(tokens, request);
    return { start: (receiver) => startStream(app, tokens, options, reporting(receiver, app, shown)) };
  }
}

function startStream(app: StreamedApp, tokens: Tokens, options: StreamOptions, receiver: StreamReceiver): Cancellable {
  if (tokens.length === 1) return app.streamAsBearer(tokens[0], options, receiver);
  const token = soleBearer(app, tokens).then((bearer) => bearer.token);
  return onceKnown(token, (known) => app.streamAsBearer(known, options, receiver), receiver);
}
