import { Controller, Get, type HttpResponse, UseGuard } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { SessionManager } from '../../../service/session-manager.js';
import { ApiKeyGuard } from './api-key-guard.js';
import { openApiDocument } from './openapi/document.js';
import { answers, RestMetrics } from './rest-metrics.js';
import { jsonResponse, textResponse } from './rest-response.js';

/** What those who run the service ask it. */
@Controller({ scope: 'Singleton' })
export class OperationsController {
  readonly #manager: SessionManager;
  readonly #metrics: RestMetrics;

  constructor(@inject(SessionManager) manager: SessionManager, @inject(RestMetrics) metrics: RestMetrics) {
    this.#manager = manager;
    this.#metrics = metrics;
  }

  /** Open to all: load balancers hold no keys. */
  @Get('/healthz')
  async health(): Promise<HttpResponse> {
    const isUp = await answers(this.#manager);
    return jsonResponse(isUp ? 200 : 503, { status: isUp ? 'ok' : 'unavailable' });
  }

  @Get('/metrics')
  @UseGuard(ApiKeyGuard)
  async metrics(): Promise<HttpResponse> {
    const { registry } = this.#metrics;
    return textResponse(200, await registry.metrics(), registry.contentType);
  }

  @Get('/openapi.json')
  openApi(): HttpResponse {
    return jsonResponse(200, openApiDocument);
  }
}
