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

/** A poll whose request was accepted: it is well-formed, has a token, and no page of another site sent it by cookie. */
export interface AcceptedPoll {
  start(receiver: PollReceiver): Cancellable;
}

/** Who sends polls, by the headers of a request that was accepted. */
export interface PollCaller {
  /**
   * @param app that is polled
   * @returns a poll whose receiver has to report that its bearer was refused
   * @throws SessionError `INVALID_ARGUMENT`
   */
  accept(options: PollOptions, app: PolledApp): AcceptedPoll;
  /**
   * What is reported of a request when its bearer is refused.
   * @param ip address of the client
   */
  shownFrom(ip: string): RefusedRequest;
}

/** `GET /poll`, without the framework that received the request. */
export class PollRoute {
  readonly #credentials: RouteCredentials;
  readonly #origins: OriginPolicy;

  constructor(credentials: RouteCredentials, origins: OriginPolicy) {
    this.#credentials = credentials;
    this.#origins = origins;
  }

  /**
   * @param appOf the app that is polled
   * @throws SessionError `INVALID_ARGUMENT`, `SESSION_UNKNOWN` without a token, `CROSS_SITE`
   */
  accept(request: RequestHead, query: { readonly [name: string]: unknown }, appOf: () => PolledApp): AcceptedPoll {
    // Frameworks route HEAD to GET handlers. The answer has no body then, and a draining poll would lose its messages.
    if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
    const options = readPollOptions(query);
    const caller = this.callerOf(request, appOf);
    const app = appOf();
    const accepted = caller.accept(options, app);
    // Read at once, so that a held poll does not keep the head of its request.
    const shown = caller.shownFrom(request.ip());
    return { start: (receiver) => accepted.start(reporting(receiver, app, shown)) };
  }

  /**
   * Who polls: the same for every request with the same headers on one connection.
   * @param appOf the app that is told of a refusal
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

/** A class, not closures, and no list for one token: the fast lane keeps one for each connection. */
class ProvenCaller implements PollCaller {
  readonly #token: string;
  /** Of which one may be the bearer as well. */
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

  /** Made anew: the fast lane keeps the caller, and nearly none is refused. */
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
