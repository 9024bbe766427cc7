import { Controller, Get, Query, Request, Response, UseErrorFilter } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { Credentials } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { CrossOrigin } from '../routes/cross-origin.js';
import { EventRoute } from '../routes/event-route.js';
import { startHeld } from '../routes/hold.js';
import { requireManager } from '../service/require-manager.js';
import { SessionManager } from '../service/session-manager.js';
import { HeldExchange } from './held-exchange.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { SessionHttpOptions } from './session-http-options.js';

/** `GET /events`: the messages of the request's session as Server-Sent Events, as they arrive. */
@Controller({ path: '/events', scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class EventController {
  readonly #app: SessionManager;
  readonly #route: EventRoute;
  readonly #crossOrigin: CrossOrigin;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(Credentials) credentials: Credentials,
    @inject(OriginPolicy) origins: OriginPolicy,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    this.#app = requireManager(manager).inApp(options.app);
    this.#route = new EventRoute(credentials, origins);
    this.#crossOrigin = new CrossOrigin(origins);
  }

  @Get()
  // Only built-in parameter decorators: the adapters await several promises for each custom one.
  stream(@Request() rawRequest: object, @Response() rawResponse: object, @Query() rawQuery: object): unknown {
    const exchange = new HeldExchange(rawRequest, rawResponse);
    exchange.allow(this.#crossOrigin);
    const stream = this.#route.accept(exchange.request, { ...rawQuery }, this.#app);
    const { response, result } = exchange.stream(this.#app.context.streamMaxBytes);
    startHeld(response, (receiver) => stream.start(receiver));
    return result;
  }
}
