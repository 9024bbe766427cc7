import {
  ApplyMiddleware,
  Controller,
  NoContentHttpResponse,
  Post,
  Query,
  Request,
  UseErrorFilter,
} from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { Credentials } from '../requests/credentials.js';
import { OriginPolicy } from '../requests/origin-policy.js';
import { requestHeadOf } from '../requests/request-head.js';
import { AckRoute } from '../routes/ack-route.js';
import { jsonBodyOf } from '../routes/json-body.js';
import { requireManager } from '../service/require-manager.js';
import { SessionManager } from '../service/session-manager.js';
import { CrossOriginMiddleware } from './cross-origin-middleware.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { SessionHttpOptions } from './session-http-options.js';

/** `POST /ack`: the client of a stream acknowledges all messages up to the cursor in the body. */
@Controller({ path: '/ack', scope: 'Singleton' })
@ApplyMiddleware(CrossOriginMiddleware)
@UseErrorFilter(SessionErrorFilter)
export class AckController {
  readonly #app: SessionManager;
  readonly #route: AckRoute;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(Credentials) credentials: Credentials,
    @inject(OriginPolicy) origins: OriginPolicy,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    this.#app = requireManager(manager).inApp(options.app);
    this.#route = new AckRoute(credentials, origins);
  }

  @Post()
  // Do not use `@Body()`: its value depends on the adapter and its options.
  async acknowledge(@Request() request: object, @Query() query: object): Promise<NoContentHttpResponse> {
    const body = await jsonBodyOf(request);
    await this.#route.acknowledge(this.#app, requestHeadOf(request), { ...query }, body);
    return new NoContentHttpResponse();
  }
}
