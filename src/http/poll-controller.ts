import { Controller, Get, Query, Request, Response, UseErrorFilter } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { Credentials } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { CrossOrigin } from '../routes/cross-origin.js';
import { startHeld } from '../routes/hold.js';
import { PollRoute } from '../routes/poll-route.js';
import { HeldExchange } from './held-exchange.js';
import { PollApp } from './poll-app.js';
import { SessionErrorFilter } from './session-error-filter.js';

/** `GET /poll`: answers with the messages of the request's session, and holds the request while there are none. */
@Controller({ path: '/poll', scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class PollController {
  readonly #app: PollApp;
  readonly #route: PollRoute;
  readonly #crossOrigin: CrossOrigin;

  constructor(
    @inject(PollApp) app: PollApp,
    @inject(Credentials) credentials: Credentials,
    @inject(OriginPolicy) origins: OriginPolicy,
  ) {
    this.#app = app;
    this.#route = new PollRoute(credentials, origins);
    this.#crossOrigin = new CrossOrigin(origins);
  }

  @Get()
  // Only built-in parameter decorators: the adapters await several promises for each custom one.
  poll(@Request() rawRequest: object, @Response() rawResponse: object, @Query() rawQuery: object): unknown {
    const exchange = new HeldExchange(rawRequest, rawResponse);
    exchange.allow(this.#crossOrigin);
    const query = { ...rawQuery };
    const poll = this.#route.accept(exchange.request, query, () => this.#app.appOf(query));
    const { response, result } = exchange.hold();
    startHeld(response, (receiver) => poll.start(receiver));
    return result;
  }
}
