import {
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
import { invalidArgument, sessionUnknown } from '../errors/session-error.js';
import type { Session } from '../service/session.js';
import { SessionManager } from '../service/session-manager.js';
import type { Presence } from '../store/session-record.js';
import { CurrentSession } from './current-session.js';
import { problemResponse } from './problem-response.js';
import { SessionCookie } from './session-cookie.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { SessionGuard } from './session-guard.js';
import { SessionHttpOptions } from './session-http-options.js';

/** A session of the account, as its user may see it. */
export interface SessionListEntry {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastTime: number;
  readonly presence: Presence;
  /** Whether the request was made with this session. */
  readonly current: boolean;
  readonly undelivered: number;
}

/** `/sessions`: lists the sessions of the request's account and closes them ("log out this device"). */
@Controller({ path: '/sessions', scope: 'Singleton' })
@UseGuard(SessionGuard)
@UseErrorFilter(SessionErrorFilter)
export class SessionController {
  readonly #manager: SessionManager;
  readonly #cookie: SessionCookie;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(SessionCookie) cookie: SessionCookie,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    this.#manager = manager.inApp(options.app);
    this.#cookie = cookie;
  }

  @Get()
  @SetHeader('cache-control', 'no-store')
  async list(@CurrentSession() current: Session): Promise<{ sessions: SessionListEntry[] }> {
    const sessions = await this.#manager.sessionsOfAccount(current.accountId);
    return { sessions: sessions.map((session) => listEntry(session, current)) };
  }

  @Delete('/current')
  async logOut(@CurrentSession() current: Session): Promise<NoContentHttpResponse> {
    await current.destroy();
    return new NoContentHttpResponse({ 'set-cookie': this.#cookie.clear() });
  }

  @Delete('/:id')
  async revoke(@CurrentSession() current: Session, @Params({ name: 'id' }) id: string): Promise<NoContentHttpResponse> {
    if (id === current.id) return this.logOut(current);
    const sessions = await this.#manager.sessionsOfAccount(current.accountId);
    const target = sessions.find((session) => session.id === id);
    // An id of another account is answered like an unknown id, so that ids can't be probed.
    if (target === undefined || !(await target.close('revoked'))) throw problemResponse(sessionUnknown(), 404);
    return new NoContentHttpResponse();
  }

  @Delete()
  async revokeOthers(
    @CurrentSession() current: Session,
    @Query({ name: 'except' }) except: unknown,
  ): Promise<NoContentHttpResponse> {
    // Required, so that a client that forgets the id in the path does not close all sessions.
    if (except !== 'current') throw invalidArgument('except', 'must be "current"', except);
    await this.#manager.closeAccount(current.accountId, { except: current.id });
    return new NoContentHttpResponse();
  }
}

function listEntry(session: Session, current: Session): SessionListEntry {
  const { id, ip, userAgent, createdAt, lastTime, presence, undelivered } = session;
  return { id, ip, userAgent, createdAt, lastTime, presence, current: id === current.id, undelivered };
}
