import { Connection, type RawResponse } from '../support/http-client.js';
import { type Kit, onEachAdapter, problemIn } from '../support/http-kit.js';

async function listOf(kit: Kit, token: string): Promise<Record<string, unknown>[]> {
  const response = await kit.request('/sessions', { token });
  if (response.status !== 200) throw new Error(`The list failed: ${response.status} ${response.body}`);
  return JSON.parse(response.body).sessions;
}

function setCookieOf(response: RawResponse): readonly string[] {
  return response.rawHeaders.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
}

onEachAdapter(
  'GET /sessions lists the sessions of the request’s account, with these fields and no others',
  {},
  async (t, kit) => {
    const mine = await kit.manager.createSession('alice', {
      ip: '192.0.2.7',
      userAgent: 'phone',
      attributes: { a: 1 },
    });
    await kit.clock.advance(20_000);
    const other = await kit.logIn('alice');
    await kit.logIn('bob');
    await kit.manager.push(mine.id, 'waiting');
    const response = await kit.request('/sessions', { token: other.token });
    t.is(response.headers.get('cache-control'), 'no-store');
    const now = kit.clock.now();
    const fields = { ip: '', userAgent: '', createdAt: now, lastTime: now, presence: 'online', current: true };
    t.deepEqual(JSON.parse(response.body), {
      sessions: [
        {
          id: mine.id,
          ip: '192.0.2.7',
          userAgent: 'phone',
          createdAt: now - 20_000,
          lastTime: now - 20_000,
          presence: 'away',
          current: false,
          undelivered: 1,
        },
        { id: other.id, ...fields, undelivered: 0 },
      ],
    });
    for (const secret of [mine.token, other.token, mine.token.slice(24)]) t.false(response.body.includes(secret));
  },
);

onEachAdapter('a request for the list renews its session', { context: { gcTime: 10_000 } }, async (t, kit) => {
  const session = await kit.logIn();
  for (let round = 0; round < 3; round += 1) {
    await kit.clock.advance(9_000);
    t.is((await listOf(kit, session.token)).length, 1);
  }
});

onEachAdapter('DELETE /sessions/:id closes that session of the account as revoked', {}, async (t, kit) => {
  const [mine, target] = [await kit.logIn(), await kit.logIn()];
  const held = await kit.hold(target.token, { after: '' });
  const response = await kit.request(`/sessions/${target.id}`, { method: 'DELETE', token: mine.token });
  t.is(response.status, 204);
  t.is(response.body, '');
  t.deepEqual(setCookieOf(response), []);
  t.is((await held.batch()).closed?.code, 'revoked');
  t.is((await listOf(kit, mine.token)).length, 1);
});

onEachAdapter('DELETE /sessions/:id of the request’s own session is a logout', {}, async (t, kit) => {
  const mine = await kit.logIn();
  const held = await kit.hold(mine.token, { after: '' });
  const response = await kit.request(`/sessions/${mine.id}`, { method: 'DELETE', token: mine.token });
  t.is(response.status, 204);
  t.is((await held.batch()).closed?.code, 'logout');
  t.regex(setCookieOf(response)[0] ?? '', /^sid=;/);
});

onEachAdapter('DELETE /sessions/:id of another account is 404 and changes nothing', {}, async (t, kit) => {
  const [mine, foreign] = [await kit.logIn('alice'), await kit.logIn('bob')];
  const response = await kit.request(`/sessions/${foreign.id}`, { method: 'DELETE', token: mine.token });
  t.is(response.status, 404);
  t.is(problemIn(response).status, 404);
  t.is((await listOf(kit, foreign.token)).length, 1);
});

onEachAdapter('DELETE /sessions/:id of a session that has ended is 404', {}, async (t, kit) => {
  const [mine, target] = [await kit.logIn(), await kit.logIn()];
  await target.close();
  const response = await kit.request(`/sessions/${target.id}`, { method: 'DELETE', token: mine.token });
  t.is(response.status, 404);
});

onEachAdapter('DELETE /sessions?except=current closes all other sessions of the account', {}, async (t, kit) => {
  const [mine, second, third] = [await kit.logIn(), await kit.logIn(), await kit.logIn()];
  const bystander = await kit.logIn('bob');
  const held = [await kit.hold(second.token, { after: '' }), await kit.hold(third.token, { after: '' })];
  const response = await kit.request('/sessions?except=current', { method: 'DELETE', token: mine.token });
  t.is(response.status, 204);
  for (const poll of held) t.is((await poll.batch()).closed?.code, 'revoked');
  t.deepEqual(
    (await listOf(kit, mine.token)).map(({ id }) => id),
    [mine.id],
  );
  t.is((await listOf(kit, bystander.token)).length, 1);
});

onEachAdapter('DELETE /sessions without except=current is refused', {}, async (t, kit) => {
  const [mine] = [await kit.logIn(), await kit.logIn()];
  for (const query of ['', '?except=', `?except=${mine.id}`, '?except=current&except=current', '?except[]=current']) {
    const response = await kit.request(`/sessions${query}`, { method: 'DELETE', token: mine.token });
    t.is(response.status, 400, query);
    t.is(problemIn(response).code, 'INVALID_ARGUMENT');
  }
  t.is((await listOf(kit, mine.token)).length, 2);
});

onEachAdapter('DELETE /sessions/current logs out and clears the cookie', {}, async (t, kit) => {
  const mine = await kit.logIn();
  const held = await kit.hold(mine.token, { after: '' });
  const response = await kit.request('/sessions/current', { method: 'DELETE', cookie: `sid=${mine.token}` });
  t.is(response.status, 204);
  t.deepEqual(setCookieOf(response), ['sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0']);
  t.is((await held.batch()).closed?.code, 'logout');
  const afterwards = await kit.request('/sessions', { token: mine.token });
  t.is(afterwards.status, 401);
  t.like(problemIn(afterwards), { code: 'SESSION_CLOSED', closed: { code: 'logout', reconnect: false } });
});

onEachAdapter('the cleared cookie is `__Host-sid` with `secure`', { http: { secure: true } }, async (t, kit) => {
  const mine = await kit.logIn();
  const cookie = `__Host-sid=${mine.token}`;
  const response = await kit.request('/sessions/current', { method: 'DELETE', cookie });
  t.deepEqual(setCookieOf(response), ['__Host-sid=; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=0']);
});

onEachAdapter('one connection serves routes of both controllers in turn', {}, async (t, kit) => {
  const mine = await kit.logIn();
  const connection = await Connection.open(kit.port);
  for (const path of ['/sessions', '/poll?wait=0', '/sessions', '/poll?wait=0&after=']) {
    t.is((await connection.send(path, { token: mine.token }).response()).status, 200, path);
  }
  await connection.close();
});
