import { Body, Controller, Get, Post, Request, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import type { FastifyRequest } from 'fastify';
import { inject } from 'inversify';
import * as v from 'valibot';
import { CrossSiteGuard, SessionCookie, SessionErrorFilter, SessionHttpOptions } from '../src/http/index.js';
import { SessionContext, SessionManager } from '../src/index.js';
import { sessionFromRequest } from '../src/requests/index.js';
import { AdminGuard } from './admin-guard.js';
import { jsonResponse } from './json-response.js';
import { messageSchema, pushTo } from './push.js';
import { requireBody } from './require-body.js';

const loginSchema = v.object({ account: v.string() });

/** The routes that the demo adds to those of the library: a login without a password, and pushes with the admin key. */
@Controller({ scope: 'Singleton' })
@UseErrorFilter(SessionErrorFilter)
export class DemoController {
  readonly #manager: SessionManager;
  readonly #cookie: SessionCookie;
  readonly #context: SessionContext;
  readonly #secure: boolean;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(SessionCookie) cookie: SessionCookie,
    @inject(SessionContext) context: SessionContext,
    @inject(SessionHttpOptions) { secure }: SessionHttpOptions,
  ) {
    this.#manager = manager;
    this.#cookie = cookie;
    this.#context = context;
    this.#secure = secure;
  }

  @Get('/settings')
  settings(): Pick<SessionContext, 'maxSession' | 'onMaxSession' | 'msgMaxLength' | 'hbGrace'> {
    const { maxSession, onMaxSession, msgMaxLength, hbGrace } = this.#context;
    return { maxSession, onMaxSession, msgMaxLength, hbGrace };
  }

  @Post('/login')
  @UseGuard(CrossSiteGuard)
  async logIn(@Body() body: unknown, @Request() request: FastifyRequest): Promise<unknown> {
    const { account } = requireBody(loginSchema, body);
    // Close the old session. The browser gets a new cookie, so that no client would hold the old token, and the old session
    // would still count toward the limit.
    const old = await sessionFromRequest(request, this.#manager, { secure: this.#secure });
    await old?.close('replaced');
    const session = await this.#manager.createSession(account, {
      ip: request.ip,
      userAgent: request.headers['user-agent'] ?? '',
    });
    return jsonResponse(200, { id: session.id, account }, { 'set-cookie': this.#cookie.set(session) });
  }

  @Post('/messages')
  @UseGuard(CrossSiteGuard, AdminGuard)
  async push(@Body() body: unknown): Promise<unknown> {
    return jsonResponse(200, await pushTo(this.#manager, requireBody(messageSchema, body)));
  }
}
