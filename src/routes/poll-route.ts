import type { Cancellable, PollOptions, PollReceiver } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';
import { isFromKnownPage, requireCursor } from '../requests/cookie-poll.js';
import { soleBearer, type Tokens } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import { readPollOptions } from '../requests/poll-query.js';
import type { RequestHead } from '../requests/request-head.js';
import type { RefusedRequest } from '../service/refused-bearer.js';
import { pollOnceKnown } from './poll-once-known.js';
import type { PolledApp } from './polled-app.js';
import { reporting } from './reporting-receiver.js';
import { provenTokens, type RouteCredentials } from './route-credentials.js';

/** A poll with an accepted request: well-formed, with a token, and not sent by cookie from a page of another site. */
export interface AcceptedPoll {
  start(receiver: PollReceiver): Cancellable;
}

/** The sender of polls, known from the headers of an accepted request. */
export interface PollCaller {
  /**
   * @param app the app that is polled
   * @returns a poll. If its bearer is refused, the receiver must report that
   * @throws SessionError `INVALID_ARGUMENT`
   */
  accept(options: PollOptions, app: PolledApp): AcceptedPoll;
  /**
   * Returns the details of a request that are reported if its bearer is refused.
   * @param ip address of the client
   */
  shownFrom(ip: string): RefusedRequest;
}

/** `GET /poll`, independent of the framework that receives the request. */
export class PollRoute {
  readonly #credentials: RouteCredentials;
  readonly #origins: OriginPolicy;

  constructor(credentials: RouteCredentials, origins: OriginPolicy) {
    this.#credentials = credentials;
    this.#origins = origins;
  }

  /**
   * @param appOf returns the app that is polled
   * @throws SessionError `INVALID_ARGUMENT`, `SESSION_UNKNOWN` without a token, `CROSS_SITE`
   */
  accept(request: RequestHead, query: { readonly [name: string]: unknown }, appOf: () => PolledApp): AcceptedPoll {
    // Frameworks route HEAD to GET handlers. An answer to HEAD has no body, so a draining poll would lose its messages.
    if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
    const options = readPollOptions(query);
    const caller = this.callerOf(request, appOf);
    const app = appOf();
    const accepted = caller.accept(options, app);
    // Read before the poll is held, so that the held poll does not keep the head of its request in memory.
    const shown = caller.shownFrom(request.ip());
    return { start: (receiver) => accepted.start(reporting(receiver, app, shown)) };
  }

  /**
   * Returns the sender of polls. It is the same for every request with the same headers on one connection.
   * @param appOf returns the app to which a refusal is reported
   * @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE`
   */
  callerOf(request: RequestHead, appOf: () => PolledApp): PollCaller {
    // A poll acknowledges messages, so a link or an image on another site's page must not be able to cause one.
    const tokens = provenTokens(this.#credentials, this.#origins, request, appOf);
    const needsCursor = this.#credentials.isCookie(request) && !isFromKnownPage(request);
    return new ProvenCaller(tokens, request.header('user-agent'), needsCursor);
  }
}

const none: readonly string[] = [];

/** A class instead of closures, and no array for a single token: the fast lane keeps a caller for each connection. */
class ProvenCaller implements PollCaller {
  readonly #token: string;
  /** Further tokens, any of which may be the bearer instead. */
  readonly #others: readonly string[];
  readonly #userAgent: string | undefined;
  readonly #needsCursor: boolean;

  constructor(tokens: Tokens, userAgent: string | undefined, needsCursor: boolean) {
    const [token, ...others] = tokens;
    this.#token = token;
    this.#others = others.length === 0 ? none : others;
    this.#userAgent = userAgent;
    this.#needsCursor = needsCursor;
  }

  /** Creates the details on each call, to save memory: the fast lane keeps all callers, and nearly none is refused. */
  shownFrom(ip: string): RefusedRequest {
    const token = this.#others.length === 0 ? this.#token : undefined;
    return { token, ip, userAgent: this.#userAgent };
  }

  accept(options: PollOptions, app: PolledApp): AcceptedPoll {
    if (this.#needsCursor) requireCursor(options);
    return { start: (receiver) => this.#start(app, options, receiver) };
  }

  #start(app: PolledApp, options: PollOptions, receiver: PollReceiver): Cancellable {
    if (this.#others.length === 0) return app.pollAsBearer(this.#token, options, receiver);
    const token = soleBearer(app, [this.#token, ...this.#others]).then((bearer) => bearer.token);
    return pollOnceKnown(app, token, options, receiver);
  }
}
