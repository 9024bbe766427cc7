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
import { problemResponse } from './problem.js';
import { SessionCookie } from './session-cookie.js';
import { SessionErrorFilter } from './session-error-filter.js';
import { SessionGuard } from './session-guard.js';
import { SessionHttpOptions } from './session-http-options.js';

/** One of my devices, as I may see it. */
export interface SessionListEntry {
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string;
  readonly createdAt: number;
  readonly lastTime: number;
  readonly presence: Presence;
  /** Whether it is the one that asks. */
  readonly current: boolean;
  readonly undelivered: number;
}

/** My devices: see them, and log them out. */
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
    // Another account's id is answered as one that does not exist: its owner is nobody's business.
    if (target === undefined || !(await target.close('revoked'))) throw problemResponse(sessionUnknown(), 404);
    return new NoContentHttpResponse();
  }

  @Delete()
  async revokeOthers(
    @CurrentSession() current: Session,
    @Query({ name: 'except' }) except: unknown,
  ): Promise<NoContentHttpResponse> {
    // Said in full, so that a forgotten id does not log everyone out.
    if (except !== 'current') throw invalidArgument('except', 'must be "current"', except);
    await this.#manager.closeAccount(current.accountId, { except: current.id });
    return new NoContentHttpResponse();
  }
}

function listEntry(session: Session, current: Session): SessionListEntry {
  const { id, ip, userAgent, createdAt, lastTime, presence, undelivered } = session;
  return { id, ip, userAgent, createdAt, lastTime, presence, current: id === current.id, undelivered };
}
