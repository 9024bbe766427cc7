import { Controller, Get, Query, Request, Response, UseErrorFilter } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { invalidArgument } from '../errors/session-error.js';
import { readPollOptions } from '../requests/poll-query.js';
import { Bearer } from './bearer.js';
import { HeldExchange } from './held-exchange.js';
import { PollApp } from './poll-app.js';
import { SessionErrorFilter } from './session-error-filter.js';

/** `GET /poll`: drains the mailbox of whoever asks, holding the request while there is nothing to say. */
@Controller({ path: '/poll', scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class PollController {
  readonly #app: PollApp;
  readonly #bearer: Bearer;

  constructor(@inject(PollApp) app: PollApp, @inject(Bearer) bearer: Bearer) {
    this.#app = app;
    this.#bearer = bearer;
  }

  @Get()
  // Plain parameters, because the adapters resolve custom ones through a handful of promises each.
  poll(@Request() rawRequest: object, @Response() rawResponse: object, @Query() query: object): unknown {
    const exchange = new HeldExchange(rawRequest, rawResponse, () => query);
    const { request } = exchange;
    // Frameworks route HEAD to GET handlers; without a body, what a draining poll takes would be lost.
    if (request.method !== 'GET') throw invalidArgument('method', 'must be GET', request.method);
    const options = readPollOptions(exchange.query);
    // Polling moves cursors, so a link or an image on another site's page must not do it.
    const token = this.#bearer.tokenOf(request, true);
    const poll = this.#app.pollOf(exchange.query);
    const { response, result } = exchange.hold();
    response.onceClosed(poll(token, options, response));
    return result;
  }
}
