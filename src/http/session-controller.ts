import {
  ApplyMiddleware,
  Controller,
  Delete,
  Get,
  NoContentHttpResponse,
  Params,
  Query,
  SetHeader,
  UseErrorFilter,
  UseGuard,
} from '@inversifyjs/http-core';
import { inject } from 'inversify';
import { sessionUnknown } from '../errors/session-error.js';
import { AccountSessions, type SessionListEntry } from '../routes/account-sessions.js';
import { SessionCookie } from '../routes/session-cookie.js';
import { requireManager } from '../service/require-manager.js';
import type { Session } from '../service/session.js';
import { SessionManager } from '../service/session-manager.js';
import { CrossOriginMiddleware } from './cross-origin-middleware.js';
import { CurrentSession } from './current-session.js';
import { problemResponse } from './problem-response.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { SessionGuard } from './session-guard.js';
import { SessionHttpOptions } from './session-http-options.js';

/** `/sessions`: lists the sessions of the request's account and closes them ("log out this device"). */
@Controller({ path: '/sessions', scope: 'Singleton' })
@ApplyMiddleware(CrossOriginMiddleware)
@UseGuard(SessionGuard)
@UseErrorFilter(SessionErrorFilter)
export class SessionController {
  readonly #sessions: AccountSessions;
  readonly #cookie: SessionCookie;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(SessionCookie) cookie: SessionCookie,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    const app = requireManager(manager).inApp(options.app);
    this.#sessions = new AccountSessions(app, 'sessionHttpModule', options.revokeRequires);
    this.#cookie = cookie;
  }

  @Get()
  @SetHeader('cache-control', 'no-store')
  async list(@CurrentSession() current: Session): Promise<{ sessions: SessionListEntry[] }> {
    return this.#sessions.list(current);
  }

  @Delete('/current')
  async logOut(@CurrentSession() current: Session): Promise<NoContentHttpResponse> {
    await current.destroy();
    return new NoContentHttpResponse({ 'set-cookie': this.#cookie.clear() });
  }

  @Delete('/:id')
  async revoke(@CurrentSession() current: Session, @Params({ name: 'id' }) id: string): Promise<NoContentHttpResponse> {
    if (id === current.id) return this.logOut(current);
    if (!(await this.#sessions.revoke(current, id))) throw problemResponse(sessionUnknown(), 404);
    return new NoContentHttpResponse();
  }

  @Delete()
  async revokeOthers(
    @CurrentSession() current: Session,
    @Query({ name: 'except' }) except: unknown,
  ): Promise<NoContentHttpResponse> {
    await this.#sessions.revokeOthers(current, except);
    return new NoContentHttpResponse();
  }
}
