import { Controller, Get, type HttpResponse, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { SessionError } from '../../../errors/session-error.js';
import { SessionErrorFilter } from '../../../http/index.js';
import { SessionManager } from '../../../service/session-manager.js';
import { SessionRuntime } from '../../../service/session-runtime.js';
import { ApiKeyGuard } from './api-key-guard.js';
import { openApiDocument } from './openapi/document.js';
import { RestMetrics } from './rest-metrics.js';
import { jsonResponse, textResponse } from './rest-response.js';

const ok = { status: 'ok' };
/** Body of the API description. It is made once, so that pipelined requests for it don't make the node keep copies. */
const openApiBody = Buffer.from(JSON.stringify(openApiDocument));

/** Routes for the operation of the service: probes, metrics, and the API description. */
@Controller({ scope: 'Singleton' })
export class AdminController {
  readonly #manager: SessionManager;
  readonly #runtime: SessionRuntime;
  readonly #metrics: RestMetrics;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(SessionRuntime) runtime: SessionRuntime,
    @inject(RestMetrics) metrics: RestMetrics,
  ) {
    this.#manager = manager;
    this.#runtime = runtime;
    this.#metrics = metrics;
  }

  /**
   * Liveness probe: the process answers. It does not ask the store, because a restart would not bring the store back.
   */
  @Get('/livez')
  live(): HttpResponse {
    return jsonResponse(200, ok);
  }

  /**
   * Readiness probe: the store can be used, and this node is not stopping. It needs no API key, because load balancers
   * have none.
   */
  @Get('/healthz')
  @UseErrorFilter(SessionErrorFilter)
  async ready(): Promise<HttpResponse> {
    if (this.#runtime.isDraining) throw new SessionError('STOPPED', 'This node is stopping; use another one', {});
    await this.#manager.ping();
    return jsonResponse(200, ok);
  }

  @Get('/metrics')
  @UseGuard(ApiKeyGuard)
  async metrics(): Promise<HttpResponse> {
    const { registry } = this.#metrics;
    return textResponse(200, await registry.metrics(), registry.contentType);
  }

  @Get('/openapi.json')
  openApi(): HttpResponse {
    return textResponse(200, openApiBody, 'application/json; charset=utf-8');
  }
}
