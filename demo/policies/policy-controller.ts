import { Body, Controller, Get, Params, Post, Query, Request, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import type { FastifyRequest } from 'fastify';
import { inject } from 'inversify';
import * as v from 'valibot';
import { CrossSiteGuard, SessionErrorFilter } from '../../src/http/index.js';
import { SessionError, type SessionManager } from '../../src/index.js';
import { sessionFromRequest } from '../../src/requests/index.js';
import { AdminGuard } from '../admin-guard.js';
import { jsonResponse } from '../json-response.js';
import { messageSchema, pushTo } from '../push.js';
import { requireBody } from '../require-body.js';
import { PolicyServices } from './policy-services.js';

const loginSchema = v.object({ account: v.string(), device: v.pipe(v.string(), v.maxLength(40)) });

const floodSchema = v.object({
  session: v.string(),
  data: v.array(v.unknown()),
});

/**
 * The routes that the page needs in addition to the library's own: logins that return a bearer token, pushes, and the number of
 * messages in the mailboxes.
 */
@Controller({ path: '/policies/:policy', scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class PolicyController {
  readonly #services: PolicyServices;

  constructor(@inject(PolicyServices) services: PolicyServices) {
    this.#services = services;
  }

  /** Returns the token in the body: the devices of the page share one browser, and could not have a cookie each. */
  @Post('/login')
  @UseGuard(CrossSiteGuard)
  async logIn(
    @Params({ name: 'policy' }) policy: string,
    @Body() body: unknown,
    @Request() request: FastifyRequest,
  ): Promise<unknown> {
    const { account, device } = requireBody(loginSchema, body);
    const session = await this.#services
      .of(policy)
      .createSession(account, { ip: request.ip, userAgent: device, attributes: { device } });
    return jsonResponse(200, { id: session.id, account, token: session.token });
  }

  /** Gives the session of the bearer a new token. The old token is invalid, and its polls and streams end as `rotated`. */
  @Post('/token')
  @UseGuard(CrossSiteGuard)
  async rotate(@Params({ name: 'policy' }) policy: string, @Request() request: FastifyRequest): Promise<unknown> {
    const manager = this.#services.of(policy);
    const { id } = await requireBearer(manager, request);
    const { token } = await manager.rotateToken(id);
    return jsonResponse(200, { id, token });
  }

  @Post('/messages')
  @UseGuard(CrossSiteGuard, AdminGuard)
  async push(@Params({ name: 'policy' }) policy: string, @Body() body: unknown): Promise<unknown> {
    return jsonResponse(200, await pushTo(this.#services.of(policy), requireBody(messageSchema, body)));
  }

  /** Pushes each element of `data` to one session, as fast as the store takes them. */
  @Post('/flood')
  @UseGuard(CrossSiteGuard, AdminGuard)
  async flood(@Params({ name: 'policy' }) policy: string, @Body() body: unknown): Promise<unknown> {
    const manager = this.#services.of(policy);
    const { session, data } = requireBody(floodSchema, body);
    const reports = await Promise.all(data.map((each) => pushTo(manager, { to: { session }, data: each })));
    const sum = (of: 'accepted' | 'dropped') => reports.reduce((total, report) => total + report[of], 0);
    return jsonResponse(200, { accepted: sum('accepted'), dropped: sum('dropped') });
  }

  /** Returns the number of messages in each mailbox of the accounts. Unlike requests of the devices it renews no session. */
  @Get('/mailboxes')
  @UseGuard(AdminGuard)
  async mailboxes(
    @Params({ name: 'policy' }) policy: string,
    @Query({ name: 'account' }) accounts: unknown,
  ): Promise<unknown> {
    const manager = this.#services.of(policy);
    const { maxSession, onMaxSession, msgMaxLength } = manager.context;
    const named = requireBody(v.array(v.string()), [accounts ?? []].flat());
    const lists = await Promise.all(named.map((account) => manager.sessionsOfAccount(account)));
    const sessions = lists.flat().map(({ id, accountId: account, undelivered }) => ({ id, account, undelivered }));
    return jsonResponse(200, { maxSession, onMaxSession, msgMaxLength, sessions });
  }
}

async function requireBearer(manager: SessionManager, request: FastifyRequest): Promise<{ readonly id: string }> {
  const session = await sessionFromRequest(request, manager);
  if (session !== undefined) return session;
  throw new SessionError('SESSION_UNKNOWN', 'The request has no token of a live session', {});
}
