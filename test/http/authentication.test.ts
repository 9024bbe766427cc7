import { Controller, Get, UseErrorFilter, UseGuard } from '@inversifyjs/http-core';
import test from 'ava';
import { authenticationGuard, SessionErrorFilter, SessionGuard, sessionHttpModule } from '../../src/http/index.js';
import { SessionError } from '../../src/index.js';
import { sessionHandler } from '../../src/node/index.js';
import { requireAuthentication } from '../../src/requests/index.js';
import { isProblem, type Kit, onEachAdapter } from '../support/http-kit.js';
import { startService, throwsCode } from '../support/service.js';

const minute = 60_000;
const RecentLogin = authenticationGuard({ maxAge: 5 * minute });
const SecondFactor = authenticationGuard({ level: 2 });

@Controller('/account')
@UseErrorFilter(SessionErrorFilter)
class AccountController {
  @Get('/recent')
  @UseGuard(SessionGuard, RecentLogin)
  async recent(): Promise<object> {
    return { done: true };
  }

  @Get('/strong')
  @UseGuard(SessionGuard, SecondFactor)
  async strong(): Promise<object> {
    return { done: true };
  }
}

async function answerOf(kit: Kit, path: string, token: string) {
  const { status, headers, body } = await kit.request(path, { token });
  return { status, challenge: headers.get('www-authenticate'), problem: JSON.parse(body) };
}

const controllers = [RecentLogin, SecondFactor, AccountController];

onEachAdapter('a route behind authenticationGuard demands a recent login', { controllers }, async (t, kit) => {
  const { id, token } = await kit.logIn();
  t.is((await answerOf(kit, '/account/recent', token)).status, 200);
  await kit.clock.advance(5 * minute);
  t.is((await answerOf(kit, '/account/recent', token)).status, 200, 'at maxAge exactly');
  await kit.clock.advance(1);
  const refused = await answerOf(kit, '/account/recent', token);
  t.is(refused.status, 401);
  t.is(refused.problem.code, 'REAUTHENTICATION_REQUIRED');
  t.deepEqual(refused.problem.required, { maxAge: 5 * minute });
  t.regex(refused.challenge ?? '', /^Bearer error="insufficient_user_authentication", .*, max_age="300"$/);
  await kit.manager.reauthenticated(id);
  t.is((await answerOf(kit, '/account/recent', token)).status, 200);
});

onEachAdapter('a route behind authenticationGuard demands a stronger login', { controllers }, async (t, kit) => {
  const { id, token } = await kit.logIn();
  const refused = await answerOf(kit, '/account/strong', token);
  t.is(refused.status, 401);
  t.deepEqual(refused.problem.required, { level: 2 });
  t.regex(refused.challenge ?? '', /^Bearer error="insufficient_user_authentication", .*, acr_values="2"$/);
  await kit.manager.reauthenticated(id, { level: 2 });
  t.is((await answerOf(kit, '/account/strong', token)).status, 200);
  t.is((await kit.request('/account/strong', { token: 'z'.repeat(64) })).status, 401);
});

const http = { revokeRequires: { maxAge: minute, level: 2 } };

onEachAdapter('revokeRequires: ending other sessions requires a recent and strong login', { http }, async (t, kit) => {
  const mine = await kit.manager.createSession('alice', { level: 2 });
  const weak = await kit.logIn();
  const other = await kit.logIn();
  await kit.clock.advance(minute + 1);
  const ends = [
    { path: `/sessions/${other.id}`, token: mine.token },
    { path: '/sessions?except=current', token: mine.token },
    { path: `/sessions/${other.id}`, token: weak.token },
    // The refusal does not reveal whether the session exists.
    { path: `/sessions/${'x'.repeat(24)}`, token: mine.token },
  ];
  for (const { path, token } of ends) {
    const response = await kit.request(path, { method: 'DELETE', token });
    t.is(response.status, 401, path);
    t.true(isProblem(response));
    t.is(JSON.parse(response.body).code, 'REAUTHENTICATION_REQUIRED');
  }
  t.is((await kit.manager.sessionsOfAccount('alice')).length, 3, 'nothing was ended');
  t.is((await kit.request('/sessions', { token: weak.token })).status, 200);
  await kit.manager.reauthenticated(mine.id);
  t.is((await kit.request(`/sessions/${other.id}`, { method: 'DELETE', token: mine.token })).status, 204);
  t.is((await kit.request('/sessions/current', { method: 'DELETE', token: weak.token })).status, 204, 'to log out');
  t.is((await kit.request('/sessions?except=current', { method: 'DELETE', token: mine.token })).status, 204);
});

onEachAdapter('by default other sessions can be ended without a recent or strong login', {}, async (t, kit) => {
  const [mine, other] = [await kit.manager.createSession('alice', { level: 0 }), await kit.logIn()];
  await kit.clock.advance(minute);
  t.is((await kit.request(`/sessions/${other.id}`, { method: 'DELETE', token: mine.token })).status, 204);
});

test('requireAuthentication checks the age and the level of the login of a session', async (t) => {
  const { manager, clock } = await startService(t, { maxAge: 0 });
  const session = await manager.createSession('alice', { level: 3 });
  await clock.advance(minute);
  t.is(session.authenticationAge, minute);
  t.notThrows(() => requireAuthentication(session, { maxAge: minute, level: 3 }));
  const old = t.throws(() => requireAuthentication(session, { maxAge: minute - 1, level: 3 }));
  t.true(SessionError.is(old, 'REAUTHENTICATION_REQUIRED'));
  t.regex(old?.message ?? '', /within maxAge \(59999 ms\); it was 60000 ms ago/);
  const weak = t.throws(() => requireAuthentication(session, { level: 4 }));
  t.regex(weak?.message ?? '', /level 4 or above; it was at level 3/);
  t.is((await manager.reauthenticated(session.id)).authenticationAge, 0);
  t.is(session.authenticationAge, minute, 'as it was read');
  await session.reload();
  t.is(session.authenticationAge, 0);
});

test('a level is a whole number from 0 to 255', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const level of [-1, 256, 1.5, Number.NaN]) {
    await throwsCode(t, manager.createSession('alice', { level }), 'INVALID_ARGUMENT');
    await throwsCode(t, manager.reauthenticated(id, { level }), 'INVALID_ARGUMENT');
  }
  await throwsCode(t, manager.reauthenticated('x'.repeat(24)), 'SESSION_UNKNOWN');
});

test('an invalid or empty requirement is refused when it is created', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice');
  for (const requirement of [{}, { maxAge: -1 }, { level: 300 }, { maxage: 1 }, null]) {
    const wrong = JSON.parse(JSON.stringify(requirement));
    const makers = [
      () => authenticationGuard(wrong),
      () => requireAuthentication(session, wrong),
      () => sessionHttpModule({ revokeRequires: wrong }),
      () => sessionHandler(manager, { revokeRequires: wrong }),
    ];
    for (const make of makers) t.true(SessionError.is(t.throws(make), 'INVALID_CONTEXT'), JSON.stringify(requirement));
  }
});
