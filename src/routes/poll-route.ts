import type { Batch } from '../delivery/batch.js';
import type { PollOptions, PollReceiver } from '../delivery/poll-request.js';
import { invalidArgument } from '../errors/session-error.js';
import { isFromKnownPage, requireCursor } from '../requests/cookie-poll.js';
import { bearerTokenOf, type Credentials, soleBearer, type Tokens } from '../requests/credentials.js';
import type { OriginPolicy } from '../requests/origin-policy.js';
import { readPollOptions } from '../requests/poll-query.js';
import { reportRefusal } from '../requests/refusals.js';
import type { RequestHead } from '../requests/request-head.js';
import type { RefusedRequest } from '../service/refused-bearer.js';
import { pollOnceKnown } from './poll-once-known.js';
import type { PolledApp } from './polled-app.js';

/** A poll whose request was accepted: it is well-formed, has a token, and no page of another site sent it by cookie. */
export interface AcceptedPoll {
  /** @returns cancels the poll, as when the client has disconnected */
  start(receiver: PollReceiver): () => void;
}

/** Who sends polls, by the headers of a request that was accepted. */
export interface PollCaller {
  /** @throws SessionError `INVALID_ARGUMENT` */
  accept(options: PollOptions): AcceptedPoll;
}

/** `GET /poll`, without the framework that received the request. */
export class PollRoute {
  readonly #credentials: Credentials;
  readonly #origins: OriginPolicy;

  constructor(credentials: Credentials, origins: OriginPolicy) {
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
    return this.callerOf(request, appOf).accept(options);
  }

  /**
   * Who polls: the same for every request with the same headers on one connection.
   * @param appOf the app that is polled
   * @throws SessionError `SESSION_UNKNOWN` without a token, `CROSS_SITE`
   */
  callerOf(request: RequestHead, appOf: () => PolledApp): PollCaller {
    // A poll acknowledges messages, so a link or an image on another site's page must not be able to cause one.
    const tokens = this.#tokensOf(request, appOf);
    const needsCursor = bearerTokenOf(request) === undefined && !isFromKnownPage(request);
    const shown = refusedRequest(tokens, request);
    return {
      accept: (options) => {
        if (needsCursor) requireCursor(options);
        const app = appOf();
        return {
          start: (receiver) => startPoll(app, tokens, options, new ReportingReceiver(receiver, app, shown)),
        };
      },
    };
  }

  #tokensOf(request: RequestHead, appOf: () => PolledApp): Tokens {
    try {
      return this.#credentials.tokensOf(request, this.#origins);
    } catch (error) {
      if (this.#credentials.shownBy(request) !== undefined) reportRefusal(appOf(), this.#credentials, request, error);
      throw error;
    }
  }
}

/** What is told of the request if its bearer is refused; read now, so that a held poll does not keep the request. */
function refusedRequest(tokens: Tokens, request: RequestHead): RefusedRequest {
  const [token, ...others] = tokens;
  return { token: others.length === 0 ? token : undefined, ip: request.ip(), userAgent: request.header('user-agent') };
}

/** Reports the refusal of a poll's bearer. */
class ReportingReceiver implements PollReceiver {
  readonly #receiver: PollReceiver;
  readonly #app: PolledApp;
  readonly #shown: RefusedRequest;

  constructor(receiver: PollReceiver, app: PolledApp, shown: RefusedRequest) {
    this.#receiver = receiver;
    this.#app = app;
    this.#shown = shown;
  }

  deliver(batch: Batch, acknowledge: (() => void) | undefined): void {
    this.#receiver.deliver(batch, acknowledge);
  }

  fail(error: unknown): void {
    this.#app.reportRefused(error, this.#shown);
    this.#receiver.fail(error);
  }
}

function startPoll(app: PolledApp, tokens: Tokens, options: PollOptions, receiver: PollReceiver): () => void {
  if (tokens.length === 1) return app.pollAsBearer(tokens[0], options, receiver);
  const token = soleBearer(app, tokens).then((bearer) => bearer.token);
  return pollOnceKnown(app, token, options, receiver);
}
