import {
  ApplyMiddleware,
  Controller,
  NoContentHttpResponse,
  NotFoundHttpResponse,
  Options,
  Request,
  UseErrorFilter,
} from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { OriginPolicy } from '../requests/origin-policy.js';
import { requestHeadOf } from '../requests/request-head.js';
import { CrossOrigin } from '../routes/cross-origin.js';
import { hasRoute } from '../routes/session-routes.js';
import { CrossOriginMiddleware } from './cross-origin-middleware.js';
import { SessionErrorFilter } from './session-error-filter.js';

/** Answers preflights: whether a page of another origin may call the routes of the other controllers. */
@Controller({ path: '/', scope: 'Singleton' })
@ApplyMiddleware(CrossOriginMiddleware)
@UseErrorFilter(SessionErrorFilter)
export class PreflightController {
  readonly #crossOrigin: CrossOrigin;

  constructor(@inject(OriginPolicy) origins: OriginPolicy) {
    this.#crossOrigin = new CrossOrigin(origins);
  }

  @Options('/poll')
  poll(@Request() request: object): NoContentHttpResponse {
    return this.#answer(request, 'poll');
  }

  @Options('/events')
  events(@Request() request: object): NoContentHttpResponse {
    return this.#answer(request, 'events');
  }

  @Options('/ack')
  ack(@Request() request: object): NoContentHttpResponse {
    return this.#answer(request, 'ack');
  }

  @Options('/sessions')
  sessions(@Request() request: object): NoContentHttpResponse {
    return this.#answer(request, 'sessions');
  }

  @Options('/sessions/:id')
  session(@Request() request: object): NoContentHttpResponse {
    return this.#answer(request, 'sessions', 'of any id');
  }

  #answer(request: object, name: string, id?: string): NoContentHttpResponse {
    const head = requestHeadOf(request);
    const method = this.#crossOrigin.preflightMethod(head);
    if (method === undefined || !hasRoute(method, name, id)) throw new NotFoundHttpResponse();
    return new NoContentHttpResponse({ ...this.#crossOrigin.answerPreflight(head).headers });
  }
}
