import { Controller, Get, type HttpResponse, UseErrorFilter } from '@inversifyjs/http-core';
import { inject, injectable } from 'inversify';
import { SessionErrorFilter } from '../src/http/index.js';
import { SessionError, SessionManager } from '../src/index.js';
import { jsonResponse } from './json-response.js';

/** Whether this node is to receive requests; set by the application, read by load balancers through `/healthz`. */
@injectable()
export class Readiness {
  isStopping = false;
}

const ok = { status: 'ok' };

/** Probes for process supervisors and load balancers. */
@Controller({ scope: 'Singleton' })
export class HealthController {
  readonly #manager: SessionManager;
  readonly #readiness: Readiness;

  constructor(@inject(SessionManager) manager: SessionManager, @inject(Readiness) readiness: Readiness) {
    this.#manager = manager;
    this.#readiness = readiness;
  }

  /** Live: the process answers. Does not ask the store, because a restart would not bring the store back. */
  @Get('/livez')
  live(): HttpResponse {
    return jsonResponse(200, ok);
  }

  /** Ready: the store can be used, and this node is not stopping. Otherwise 503 with a problem document. */
  @Get('/healthz')
  @UseErrorFilter(SessionErrorFilter)
  async ready(): Promise<HttpResponse> {
    if (this.#readiness.isStopping) throw new SessionError('STOPPED', 'This node is stopping', {});
    await this.#manager.ping();
    return jsonResponse(200, ok);
  }
}
