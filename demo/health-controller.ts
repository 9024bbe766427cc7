import { Controller, Get, type HttpResponse, UseErrorFilter } from '@inversifyjs/http-core';
import { inject, injectable } from 'inversify';
import { SessionErrorFilter } from '../src/http/index.js';
import { SessionError, SessionManager } from '../src/index.js';
import { jsonResponse } from './json-response.js';

/** Whether this node should receive requests. The application sets it, and load balancers read it through `/healthz`. */
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

  /** Reports that the process is live. Does not check the store, because a restart would not repair the store. */
  @Get('/livez')
  live(): HttpResponse {
    return jsonResponse(200, ok);
  }

  /** Answers 200 if the store is available and this node is not stopping; otherwise 503 with a problem document. */
  @Get('/healthz')
  @UseErrorFilter(SessionErrorFilter)
  async ready(): Promise<HttpResponse> {
    if (this.#readiness.isStopping) throw new SessionError('STOPPED', 'This node is stopping', {});
    await this.#manager.ping();
    return jsonResponse(200, ok);
  }
}
