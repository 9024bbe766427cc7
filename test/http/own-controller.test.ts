import {
  Controller,
  Get,
  type HttpResponse,
  isHttpResponseSymbol,
  Post,
  UseErrorFilter,
  UseGuard,
} from '@inversifyjs/http-core';
import { inject } from 'inversify';
import {
  CrossSiteGuard,
  CurrentSession,
  SessionCookie,
  SessionErrorFilter,
  SessionGuard,
} from '../../src/http/index.js';
import { Session, SessionError, SessionManager } from '../../src/index.js';
import { isProblem, onEachAdapter, problemIn } from '../support/http-kit.js';

/** What an application would write. */
@Controller('/shop')
@UseErrorFilter(SessionErrorFilter)
class ShopController {
  readonly #manager: SessionManager;
  readonly #cookie: SessionCookie;

  constructor(@inject(SessionManager) manager: SessionManager, @inject(SessionCookie) cookie: SessionCookie) {
    this.#manager = manager;
    this.#cookie = cookie;
  }

  @Post('/login')
  @UseGuard(CrossSiteGuard)
  async logIn(): Promise<HttpResponse> {
    const session = await this.#manager.createSession('alice');
    const headers = { 'set-cookie': this.#cookie.set(session) };
    return { [isHttpResponseSymbol]: true, statusCode: 200, body: { id: session.id }, headers };
  }

  @Get('/cart')
  @UseGuard(SessionGuard)
  async cart(@CurrentSession() session: Session): Promise<object> {
    return { account: session.accountId, isSession: session instanceof Session, cart: session.getAttr('cart') ?? [] };
  }

  @Post('/cart')
  @UseGuard(SessionGuard)
  async fill(@CurrentSession() session: Session): Promise<object> {
    await session.setAttr('cart', ['tea']);
    return { writes: session.writes };
  }

  @Get('/teapot')
  async teapot(): Promise<object> {
    throw new SessionError('SESSION_LIMIT', 'No more tea', { accountId: 'alice', maxSession: 1 });
  }
}

const options = { controllers: [ShopController], context: { maxSession: 2 } };

onEachAdapter('SessionCookie sets what SessionGuard then reads', options, async (t, kit) => {
  const login = await kit.request('/shop/login', { method: 'POST' });
  t.is(login.status, 200);
  const setCookie = login.headers.get('set-cookie') ?? '';
  t.regex(setCookie, /^sid=[0-9A-Za-z]{64}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=2592000$/);
  const cookie = setCookie.split(';')[0] ?? '';
  t.deepEqual(JSON.parse((await kit.request('/shop/cart', { cookie })).body), {
    account: 'alice',
    isSession: true,
    cart: [],
  });
  const filled = await kit.request('/shop/cart', { method: 'POST', cookie });
  t.deepEqual(JSON.parse(filled.body), { writes: 1 });
  t.like(JSON.parse((await kit.request('/shop/cart', { cookie })).body), { cart: ['tea'] });
});

onEachAdapter('SessionErrorFilter answers the errors of an own controller as problems', options, async (t, kit) => {
  const teapot = await kit.request('/shop/teapot');
  t.is(teapot.status, 409);
  t.like(problemIn(teapot), { code: 'SESSION_LIMIT', title: 'Conflict', detail: 'No more tea' });
  await kit.request('/shop/login', { method: 'POST' });
  await kit.request('/shop/login', { method: 'POST' });
  const full = await kit.request('/shop/login', { method: 'POST' });
  t.is(full.status, 409);
  t.true(isProblem(full));
});

onEachAdapter('SessionGuard refuses a request without a session before its handler runs', options, async (t, kit) => {
  const response = await kit.request('/shop/cart', { method: 'POST' });
  t.is(response.status, 401);
  t.is(response.headers.get('www-authenticate'), 'Bearer');
  t.is(problemIn(response).code, 'SESSION_UNKNOWN');
});

onEachAdapter('the guards refuse what another site makes a browser do', options, async (t, kit) => {
  const session = await kit.logIn();
  const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
  const login = await kit.request('/shop/login', { method: 'POST', headers });
  t.is(login.status, 403);
  t.is(problemIn(login).code, 'CROSS_SITE');
  const filled = await kit.request('/shop/cart', { method: 'POST', cookie: `sid=${session.token}`, headers });
  t.is(filled.status, 403);
  t.is((await kit.manager.getSession(session.id)).writes, 0);
  t.is((await kit.manager.sessionsOfAccount('alice')).length, 1);
});

onEachAdapter('a bearer token on an own controller is exempt from the cross-site rule', options, async (t, kit) => {
  const session = await kit.logIn();
  const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.example' };
  const filled = await kit.request('/shop/cart', { method: 'POST', token: session.token, headers });
  t.is(filled.status < 300, true);
  t.is((await kit.manager.getSession(session.id)).writes, 1);
});

onEachAdapter(
  'with `secure` and no maxAge the cookie is `__Host-sid`, for as long as the browser runs',
  { controllers: [ShopController], context: { maxAge: 0 }, http: { secure: true } },
  async (t, kit) => {
    const login = await kit.request('/shop/login', { method: 'POST' });
    const setCookie = login.headers.get('set-cookie') ?? '';
    t.regex(setCookie, /^__Host-sid=[0-9A-Za-z]{64}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    t.is((await kit.request('/shop/cart', { cookie: setCookie.split(';')[0] ?? '' })).status, 200);
  },
);
