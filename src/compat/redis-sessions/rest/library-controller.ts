import {
  Body,
  Controller,
  Delete,
  Get,
  type HttpResponse,
  Params,
  Post,
  Put,
  Query,
  UseErrorFilter,
  UseGuard,
} from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { LibraryService } from '../class/library-service.js';
import type { SessionData } from '../class/types.js';
import { ApiKeyGuard } from './api-key-guard.js';
import { LibraryErrorFilter } from './library-error-filter.js';
import { RestOptions } from './rest-options.js';
import { jsonResponse, textResponse } from './rest-response.js';

/**
 * The routes of rest-sessions. Each route calls the method of redis-sessions with the same name, and returns its
 * result.
 */
@Controller({ scope: 'Singleton' })
@UseGuard(ApiKeyGuard)
@UseErrorFilter(LibraryErrorFilter)
export class LibraryController {
  readonly #sessions: LibraryService<SessionData>;
  /** Status for a missing session. */
  readonly #missing: 200 | 404;

  constructor(
    @inject(LibraryService) sessions: LibraryService<SessionData>,
    @inject(RestOptions) { strictStatus }: RestOptions,
  ) {
    this.#sessions = sessions;
    this.#missing = strictStatus ? 404 : 200;
  }

  @Get('/ping')
  async ping(): Promise<HttpResponse> {
    return textResponse(200, await this.#sessions.ping(), 'text/plain; charset=utf-8');
  }

  @Put('/:app/create/:id')
  async create(
    @Params({ name: 'app' }) app: string,
    @Params({ name: 'id' }) id: string,
    @Query() query: Readonly<Record<string, unknown>>,
    @Body() body: unknown,
  ): Promise<HttpResponse> {
    const { ip, ttl } = query;
    return jsonResponse(200, await this.#sessions.create({ app, id, ip, ttl, d: dataOf(body) }));
  }

  @Get('/:app/get/:token')
  async get(@Params({ name: 'app' }) app: string, @Params({ name: 'token' }) token: string): Promise<HttpResponse> {
    return this.#found(await this.#sessions.get({ app, token }));
  }

  @Post('/:app/set/:token')
  async set(
    @Params({ name: 'app' }) app: string,
    @Params({ name: 'token' }) token: string,
    @Body() body: unknown,
  ): Promise<HttpResponse> {
    return this.#found(await this.#sessions.set({ app, token, d: body ?? {} }));
  }

  @Get('/:app/activity')
  async activity(@Params({ name: 'app' }) app: string, @Query({ name: 'dt' }) dt: unknown): Promise<HttpResponse> {
    return jsonResponse(200, await this.#sessions.activity({ app, dt }));
  }

  @Get('/:app/soapp')
  async soapp(@Params({ name: 'app' }) app: string, @Query({ name: 'dt' }) dt: unknown): Promise<HttpResponse> {
    return jsonResponse(200, await this.#sessions.sessionsOfApp({ app, dt }));
  }

  @Get('/:app/soid/:id')
  async soid(@Params({ name: 'app' }) app: string, @Params({ name: 'id' }) id: string): Promise<HttpResponse> {
    return jsonResponse(200, await this.#sessions.sessionsOfId({ app, id }));
  }

  @Delete('/:app/kill/:token')
  async kill(@Params({ name: 'app' }) app: string, @Params({ name: 'token' }) token: string): Promise<HttpResponse> {
    const answer = await this.#sessions.kill({ app, token });
    return jsonResponse(answer.kill === 0 ? this.#missing : 200, answer);
  }

  @Delete('/:app/killsoid/:id')
  async killsoid(@Params({ name: 'app' }) app: string, @Params({ name: 'id' }) id: string): Promise<HttpResponse> {
    return jsonResponse(200, await this.#sessions.killSessionsOfId({ app, id }));
  }

  @Delete('/:app/killall')
  async killall(@Params({ name: 'app' }) app: string): Promise<HttpResponse> {
    return jsonResponse(200, await this.#sessions.killAll({ app }));
  }

  #found(session: object | null): HttpResponse {
    return session === null ? jsonResponse(this.#missing, {}) : jsonResponse(200, session);
  }
}

/** Returns the data of a body. An empty object counts as no data. */
function dataOf(body: unknown): unknown {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0 ? undefined : body;
}
