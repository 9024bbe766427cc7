import { Controller, Get, Query, Request, Response, UseErrorFilter } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { invalidArgument } from '../errors/session-error.js';
import { requireCursorByCookie } from '../requests/cookie-poll.js';
import { bearerTokenOf, Credentials, soleBearer, type Tokens } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { readPollOptions } from '../requests/poll-query.js';
import { HeldExchange } from './held-exchange.js';
import { PollApp, type PolledApp } from './poll-app.js';
import { pollOnceKnown } from './poll-once-known.js';
import { SessionErrorFilter } from './session-error-filter.js';

/** `GET /poll`: answers with the messages of the request's session, and holds the request while there are none. */
@Controller({ path: '/poll', scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class PollController {
  readonly #app: PollApp;
  readonly #credentials: Credentials;
  readonly #origins: OriginPolicy;

  constructor(
    @inject(PollApp) app: PollApp,
    @inject(Credentials) credentials: Credentials,
    @inject(OriginPolicy) origins: OriginPolicy,
  ) {
    this.#app = app;
    this.#credentials = credentials;
    this.#origins = origins;
  }

  @Get()
  // Only built-in parameter decorators: the adapters await several promises for each custom one.
  poll(@Request() rawRequest: object, @Response() rawResponse: object, @Query() rawQuery: object): unknown {
    const exchange = new HeldExchange(rawRequest, rawResponse);
    const { request } = exchange;
    // Frameworks route HEAD to GET handlers. The answer has no body then, and a draining poll would lose its messages.
    if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
    const query = { ...rawQuery };
    const options = readPollOptions(query);
    // A poll acknowledges messages, so a link or an image on another site's page must not be able to cause one.
    const tokens = this.#credentials.tokensOf(request, this.#origins);
    if (bearerTokenOf(request) === undefined) requireCursorByCookie(request, options);
    const app = this.#app.appOf(query);
    const { response, result } = exchange.hold();
    const cancel =
      tokens.length === 1
        ? app.pollAsBearer(tokens[0], options, response)
        : pollOnceKnown(app, tokenOfSoleBearer(app, tokens), options, response);
    response.onceClosed(cancel);
    return result;
  }
}

async function tokenOfSoleBearer(app: PolledApp, tokens: Tokens): Promise<string> {
  return (await soleBearer(app, tokens)).token;
}
