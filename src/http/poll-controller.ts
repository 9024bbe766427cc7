import { Controller, Get, Query, Request, Response, UseErrorFilter } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import type { PollOptions } from '../core/poll-request.js';
import { invalidArgument } from '../core/session-error.js';
import { Bearer } from './bearer.js';
import { HeldExchange } from './held-response.js';
import { PollApp } from './poll-app.js';
import { SessionErrorFilter } from './session-error-filter.js';

const digits = /^[0-9]{1,15}$/;

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
    const options = readOptions(exchange.query);
    // Polling moves cursors, so a link or an image on another site's page must not do it.
    const token = this.#bearer.tokenOf(request, true);
    const poll = this.#app.pollOf(exchange.query);
    const { response, result } = exchange.hold();
    response.onceClosed(poll(token, options, response));
    return result;
  }
}

function readOptions(query: { readonly [name: string]: unknown }): PollOptions {
  const { after, wait, limit, reader } = query;
  const options: { -readonly [Name in keyof PollOptions]: PollOptions[Name] } = {};
  if (after !== undefined) options.after = readText('after', after);
  if (wait !== undefined) options.wait = readNumber('wait', wait);
  if (limit !== undefined) options.limit = readNumber('limit', limit);
  if (reader !== undefined) options.reader = readText('reader', reader);
  return options;
}

function readText(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  throw invalidArgument(name, 'must be given once', value);
}

function readNumber(name: string, value: unknown): number {
  if (typeof value === 'string' && digits.test(value)) return Number(value);
  throw invalidArgument(name, 'must be a whole number, given once', value);
}
