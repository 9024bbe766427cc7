import {
  Controller,
  ForbiddenHttpResponse,
  Get,
  type Guard,
  type HttpResponse,
  isHttpResponseSymbol,
  Post,
  UseErrorFilter,
  UseGuard,
} from '@inversifyjs/http-core';
import test from 'ava';
import { inject, injectable } from 'inversify';
import {
  CrossSiteGuard,
  CurrentSession,
  SessionCookie,
  SessionErrorFilter,
  SessionGuard,
  sessionOf,
} from '../../src/http/index.js';
import { Session, SessionError, SessionManager } from '../../src/index.js';
import { isProblem, onEachAdapter, problemIn } from '../support/http-kit.js';

@injectable()
class AdminGuard implements Guard<object> {
  activate(request: object): boolean {
    if (sessionOf(request).getAttr('role') === 'admin') return true;
    throw new ForbiddenHttpResponse();
  }
}

/** A controller as an application writes it. */
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

  @Get('/orders')
  @UseGuard(SessionGuard, AdminGuard)
  async orders(): Promise<object> {
    return { orders: [] };
  }

  @Get('/unguarded-orders')
  @UseGuard(AdminGuard)
  async unguardedOrders(): Promise<object> {
    return { orders: [] };
  }

  @Get('/teapot')
  async teapot(): Promise<object> {
    throw new SessionError('SESSION_LIMIT', 'No more tea', { accountId: 'alice', maxSession: 1 });
  }
}

const options = { controllers: [ShopController, AdminGuard], context: { maxSession: 2 } };

onEachAdapter('SessionGuard reads the cookie that SessionCookie sets', options, async (t, kit) => {
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

onEachAdapter(
  'SessionErrorFilter answers errors of a controller of the application with problem documents',
  options,
  async (t, kit) => {
    const teapot = await kit.request('/shop/teapot');
    t.is(teapot.status, 409);
    t.like(problemIn(teapot), { code: 'SESSION_LIMIT', title: 'Conflict', detail: 'No more tea' });
    await kit.request('/shop/login', { method: 'POST' });
    await kit.request('/shop/login', { method: 'POST' });
    const full = await kit.request('/shop/login', { method: 'POST' });
    t.is(full.status, 409);
    t.true(isProblem(full));
  },
);

onEachAdapter('SessionGuard refuses a request without a session before its handler runs', options, async (t, kit) => {
  const response = await kit.request('/shop/cart', { method: 'POST' });
  t.is(response.status, 401);
  t.is(response.headers.get('www-authenticate'), 'Bearer');
  t.is(problemIn(response).code, 'SESSION_UNKNOWN');
});

onEachAdapter(
  'a guard of the application after SessionGuard reads the session’s role by sessionOf',
  options,
  async (t, kit) => {
    const [admin, customer] = [await kit.logIn(), await kit.logIn()];
    await admin.setAttr('role', 'admin');
    t.is((await kit.request('/shop/orders', { token: admin.token })).status, 200);
    t.is((await kit.request('/shop/orders', { token: customer.token })).status, 403);
    t.is((await kit.request('/shop/orders')).status, 401);
    t.is((await kit.request('/shop/unguarded-orders', { token: admin.token })).status, 500, 'SessionGuard is missing');
  },
);

test('sessionOf throws a TypeError for a request that has not passed SessionGuard', (t) => {
  t.throws(() => sessionOf({}), { instanceOf: TypeError, message: /SessionGuard/ });
});

onEachAdapter('the guards refuse requests from pages of other sites', options, async (t, kit) => {
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

onEachAdapter(
  'requests by bearer token to a controller of the application are exempt from the cross-site rule',
  options,
  async (t, kit) => {
    const session = await kit.logIn();
    const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://app.example' };
    const filled = await kit.request('/shop/cart', { method: 'POST', token: session.token, headers });
    t.is(filled.status < 300, true);
    t.is((await kit.manager.getSession(session.id)).writes, 1);
  },
);

onEachAdapter(
  'with `secure` and no maxAge the cookie is `__Host-sid`, and lasts until the browser ends',
  { controllers: [ShopController, AdminGuard], context: { maxAge: 0 }, http: { secure: true } },
  async (t, kit) => {
    const login = await kit.request('/shop/login', { method: 'POST' });
    const setCookie = login.headers.get('set-cookie') ?? '';
    t.regex(setCookie, /^__Host-sid=[0-9A-Za-z]{64}; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    t.is((await kit.request('/shop/cart', { cookie: setCookie.split(';')[0] ?? '' })).status, 200);
  },
);
