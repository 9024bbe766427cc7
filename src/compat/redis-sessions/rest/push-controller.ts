import { Body, Controller, type HttpResponse, Params, Post, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import { inject } from 'inversify';
import * as v from 'valibot';
import { SessionError } from '../../../errors/session-error.js';
import { problemResponse, SessionErrorFilter } from '../../../http/index.js';
import { SessionManager } from '../../../service/session-manager.js';
import { ApiKeyGuard } from './api-key-guard.js';
import { jsonResponse } from './rest-response.js';

const messageSchema = v.strictObject({ data: v.unknown(), key: v.optional(v.string()) });

/** Routes for pushes, which rest-sessions does not have. Errors are problem documents. */
@Controller({ scope: 'Singleton' })
@UseGuard(ApiKeyGuard)
@UseErrorFilter(SessionErrorFilter)
export class PushController {
  readonly #manager: SessionManager;

  constructor(@inject(SessionManager) manager: SessionManager) {
    this.#manager = manager;
  }

  @Post('/:app/push/:handle')
  async push(
    @Params({ name: 'app' }) app: string,
    @Params({ name: 'handle' }) handle: string,
    @Body() body: unknown,
  ): Promise<HttpResponse> {
    const { data, options } = requireMessage(body);
    try {
      return jsonResponse(200, await this.#manager.inApp(app).push(handle, data, options));
    } catch (error) {
      // The client that pushes is not the session's bearer. For that client, 401 would mean that the API key is wrong.
      const isMiss = SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED');
      throw isMiss ? problemResponse(error, 404) : error;
    }
  }

  @Post('/:app/pushsoid/:id')
  async pushToAccount(
    @Params({ name: 'app' }) app: string,
    @Params({ name: 'id' }) id: string,
    @Body() body: unknown,
  ): Promise<HttpResponse> {
    const { data, options } = requireMessage(body);
    return jsonResponse(200, await this.#manager.inApp(app).pushToAccount(id, data, options));
  }
}

/** @throws SessionError `INVALID_ARGUMENT` */
function requireMessage(body: unknown): { readonly data: unknown; readonly options: { readonly key?: string } } {
  const result = v.safeParse(messageSchema, body);
  if (!result.success) {
    const [issue] = result.issues;
    const argument = v.getDotPath(issue) ?? 'body';
    const rule = issue.message;
    throw new SessionError('INVALID_ARGUMENT', `${argument}: ${rule}`, { argument, rule, value: issue.received });
  }
  const { data, key } = result.output;
  return { data, options: key === undefined ? {} : { key } };
}
