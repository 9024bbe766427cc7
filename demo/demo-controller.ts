import { Body, Controller, Get, Post, Request, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import type { FastifyRequest } from 'fastify';
import { inject } from 'inversify';
import * as v from 'valibot';
import {
  CrossSiteGuard,
  problemResponse,
  SessionCookie,
  SessionErrorFilter,
  SessionHttpOptions,
} from '../src/http/index.js';
import { type PushReport, SessionContext, SessionError, SessionManager } from '../src/index.js';
import { sessionFromRequest } from '../src/requests/index.js';
import { AdminGuard } from './admin-guard.js';
import { jsonResponse } from './json-response.js';

const loginSchema = v.object({ account: v.string() });

const messageSchema = v.object({
  to: v.union([
    v.strictObject({ session: v.string() }),
    v.strictObject({ account: v.string() }),
    v.strictObject({ app: v.string() }),
  ]),
  data: v.unknown(),
  key: v.optional(v.string()),
});

/** What the demo adds to the controllers of the library: a login without a password, and pushes with the admin key. */
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
    const { account } = require(loginSchema, body);
    // The browser gets a new cookie: no client would hold the token of its old session, which counts toward the limit.
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
    const { to, data, key } = require(messageSchema, body);
    return jsonResponse(200, await this.#pushTo(to, data, key === undefined ? {} : { key }));
  }

  async #pushTo(
    to: v.InferOutput<typeof messageSchema>['to'],
    data: unknown,
    options: { key?: string },
  ): Promise<PushReport> {
    if ('session' in to) return this.#manager.push(to.session, data, options).catch(notFound);
    if ('account' in to) return this.#manager.pushToAccount(to.account, data, options);
    return this.#manager.inApp(to.app).pushToApp(data, options);
  }
}

/** The client that pushes is not the one whose session is missing: 401 would tell it to log in. */
function notFound(error: unknown): never {
  const isMiss = SessionError.is(error, 'SESSION_UNKNOWN') || SessionError.is(error, 'SESSION_CLOSED');
  throw isMiss ? problemResponse(error, 404) : error;
}

function require<Schema extends v.GenericSchema>(schema: Schema, body: unknown): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const argument = v.getDotPath(issue) ?? 'body';
  const text = `${argument}: ${issue.message}`;
  throw new SessionError('INVALID_ARGUMENT', text, { argument, rule: issue.message, value: issue.received });
}
