import {
  Controller,
  Get,
  type HttpResponse,
  isHttpResponseSymbol,
  Params,
  Post,
  Query,
  Request,
} from '@inversifyjs/http-core';
import { inject, type Newable } from 'inversify';
import { requestTarget } from '../requests/request-target.js';
import { type ConsoleRoute, ConsoleRoutes } from './console-routes.js';

/**
 * Returns a controller of the console at this path. Each path needs a separate class, because the decorator fixes the path.
 * @param path begins and ends with a slash
 */
export function consoleController(path: string): Newable<object> {
  @Controller({ path: path.slice(0, -1), scope: 'Singleton' })
  class ConsoleController {
    readonly #routes: ConsoleRoutes;

    constructor(@inject(ConsoleRoutes) routes: ConsoleRoutes) {
      this.#routes = routes;
    }

    @Get()
    page(@Request() request: object): Promise<HttpResponse> {
      return this.#answer({ kind: 'page' }, request);
    }

    @Get('/page.js')
    script(@Request() request: object): Promise<HttpResponse> {
      return this.#answer({ kind: 'asset', name: 'page.js' }, request);
    }

    @Get('/page.css')
    style(@Request() request: object): Promise<HttpResponse> {
      return this.#answer({ kind: 'asset', name: 'page.css' }, request);
    }

    @Get('/api/overview')
    overview(@Request() request: object): Promise<HttpResponse> {
      return this.#answer({ kind: 'overview' }, request);
    }

    @Get('/api/sessions')
    sessions(@Request() request: object, @Query() query: object): Promise<HttpResponse> {
      return this.#answer({ kind: 'sessions' }, request, query);
    }

    @Get('/api/census')
    census(@Request() request: object): Promise<HttpResponse> {
      return this.#answer({ kind: 'census' }, request);
    }

    @Post('/api/:act')
    act(@Request() request: object, @Params({ name: 'act' }) act: string): Promise<HttpResponse> {
      return this.#answer({ kind: 'act', act }, request);
    }

    async #answer(route: ConsoleRoute, request: object, query: object = {}): Promise<HttpResponse> {
      const { status, headers, body } = await this.#routes.answer(route, request, pathOf(request), { ...query });
      return { [isHttpResponseSymbol]: true, statusCode: status, body, headers: { ...headers } };
    }
  }

  return ConsoleController;
}

/** Express removes the path of a router from `url`; `originalUrl` is the target that the client sent. */
function pathOf(request: object): string {
  const url = Reflect.get(request, 'originalUrl') ?? Reflect.get(request, 'url');
  return requestTarget(typeof url === 'string' ? url : undefined).path;
}
