import { EventStream } from '../support/event-stream.js';
import type { RawResponse } from '../support/http-client.js';
import { isProblem, onEachAdapter, problemIn } from '../support/http-kit.js';
import { cookiesHeader, middlewareCookies, middlewareHeader } from '../support/http-servers.js';

const framing = ['date', 'connection', 'keep-alive'];

onEachAdapter('a batch is sent with exactly the headers of the contract', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'ünïcödé ☃ 😀');
  const response = await kit.request('/poll?after=', { token: session.token });
  t.is(response.status, 200);
  const names = response.rawHeaders.map(([name]) => name.toLowerCase()).filter((name) => !framing.includes(name));
  const own = names.filter((name) => name !== 'x-powered-by' && name !== middlewareHeader.name);
  t.deepEqual(own.sort(), ['cache-control', 'content-length', 'content-type']);
  t.is(response.headers.get('content-type'), 'application/json');
  t.is(response.headers.get('cache-control'), 'no-store');
  t.is(response.headers.get('content-length'), String(Buffer.byteLength(response.body)));
  t.is(JSON.parse(response.body).messages[0].data, 'ünïcödé ☃ 😀');
});

onEachAdapter('head and body of a batch arrive in one piece', {}, async (t, kit) => {
  const session = await kit.logIn();
  const held = await kit.hold(session.token, { after: '' });
  await kit.manager.push(session.id, { text: 'x'.repeat(200) });
  await held.batch();
  t.is(held.connection.pieces.length, 1);
});

onEachAdapter(
  'headers set by middleware are sent with a poll that is answered at once, held or failed',
  { notInLane: 'no middleware sees a poll of the lane' },
  async (t, kit) => {
    const session = await kit.logIn();
    const held = await kit.hold(session.token, { after: '' });
    await kit.manager.push(session.id, 'wake up');
    const responses = [
      await held.problem(),
      await kit.request('/poll?after=', { token: session.token }),
      await kit.request('/poll?after=', { token: 'x'.repeat(64) }),
      await kit.request('/poll?after=nonsense', { token: session.token }),
      await kit.request('/poll?wait=nonsense', { token: session.token }),
    ];
    t.deepEqual(
      responses.map(({ status }) => status),
      [200, 200, 401, 400, 400],
    );
    for (const response of responses) {
      const sent = response.rawHeaders.filter(([name]) => name.toLowerCase() === middlewareHeader.name);
      t.deepEqual(
        sent.map(([, value]) => value),
        [middlewareHeader.value],
      );
    }
  },
);

onEachAdapter(
  'all cookies that middleware sets are sent with a poll and with a stream',
  { notInLane: 'no middleware sees a poll of the lane' },
  async (t, kit) => {
    const session = await kit.logIn();
    await kit.manager.push(session.id, 'wake up');
    const headers = { [cookiesHeader]: 'yes' };
    const poll = await kit.request('/poll?after=', { token: session.token, headers });
    await kit.manager.closeSession(session.id);
    const refused = await kit.request('/events', { token: session.token, headers });
    const other = await kit.logIn();
    const stream = await EventStream.open(kit.port, '/events', { ...headers, authorization: `Bearer ${other.token}` });
    const cookiesOf = (response: RawResponse) =>
      response.rawHeaders.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
    t.deepEqual(cookiesOf(poll), [...middlewareCookies]);
    t.deepEqual(cookiesOf(refused), [...middlewareCookies]);
    t.deepEqual(stream.response.headers['set-cookie'], [...middlewareCookies]);
  },
);

onEachAdapter('HEAD is refused and removes no message', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'stays');
  const response = await kit.request('/poll', { method: 'HEAD', token: session.token });
  t.true(response.status === 400 || response.status === 405, String(response.status));
  t.is((await kit.manager.getSession(session.id)).undelivered, 1);
  t.is(kit.room.held, 0);
});

onEachAdapter('other methods find no route and remove no message', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.manager.push(session.id, 'stays');
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    const response = await kit.request('/poll', { method, token: session.token });
    t.true(response.status >= 400 && response.status < 500, `${method}: ${response.status}`);
  }
  t.is((await kit.manager.getSession(session.id)).undelivered, 1);
});

onEachAdapter(
  'the token is read from the bearer header or the cookie, and the bearer header overrides the cookie',
  {},
  async (t, kit) => {
    const [mine, other] = [await kit.logIn('alice'), await kit.logIn('bob')];
    await kit.manager.push(mine.id, 'for alice');
    const dataOf = async (options: { token?: string; cookie?: string; headers?: Record<string, string> }) =>
      JSON.parse((await kit.request('/poll?after=&wait=0', options)).body).messages[0]?.data;
    t.is(await dataOf({ token: mine.token }), 'for alice');
    t.is(await dataOf({ cookie: `sid=${mine.token}` }), 'for alice');
    t.is(await dataOf({ cookie: `theme=dark; sid=${mine.token}; lang=en` }), 'for alice');
    t.is(await dataOf({ token: mine.token, cookie: `sid=${other.token}` }), 'for alice');
    t.is(await dataOf({ headers: { Authorization: `bearer  ${mine.token} ` } }), 'for alice');
  },
);

onEachAdapter('without a token the answer is 401 with WWW-Authenticate', {}, async (t, kit) => {
  const session = await kit.logIn();
  const without = [
    {},
    { cookie: '' },
    { cookie: `__Host-sid=${session.token}` },
    { headers: { Authorization: `Basic ${session.token}` } },
    { headers: { Authorization: session.token } },
    { token: session.id },
  ];
  for (const options of without) {
    for (const path of ['/poll', '/sessions']) {
      const response = await kit.request(path, options);
      t.is(response.status, 401, `${path} ${JSON.stringify(Object.keys(options))}`);
      t.is(response.headers.get('www-authenticate'), 'Bearer');
      t.true(isProblem(response));
      t.is(response.headers.get('cache-control'), 'no-store');
      t.like(problemIn(response), { code: 'SESSION_UNKNOWN', status: 401, title: 'Unauthorized' });
    }
  }
});

onEachAdapter('with `secure` only the cookie `__Host-sid` is read', { http: { secure: true } }, async (t, kit) => {
  const session = await kit.logIn();
  t.is((await kit.request('/poll?wait=0&after=', { cookie: `__Host-sid=${session.token}` })).status, 200);
  t.is((await kit.request('/poll?wait=0&after=', { cookie: `sid=${session.token}` })).status, 401);
});

onEachAdapter('the controllers serve only the sessions of their app', { http: { app: 'shop' } }, async (t, kit) => {
  const elsewhere = await kit.logIn();
  const here = await kit.manager.inApp('shop').createSession('alice');
  t.is((await kit.request('/poll?wait=0', { token: elsewhere.token })).status, 401);
  t.is((await kit.request('/poll?wait=0', { token: here.token })).status, 200);
  const list = JSON.parse((await kit.request('/sessions', { token: here.token })).body);
  t.deepEqual(
    list.sessions.map(({ id }: { id: string }) => id),
    [here.id],
  );
});

onEachAdapter('a wrong parameter is 400 INVALID_ARGUMENT that names it', {}, async (t, kit) => {
  const session = await kit.logIn();
  const wrong: readonly (readonly [query: string, argument: string])[] = [
    ['after=x', 'after'],
    ['wait=soon', 'wait'],
    ['limit=0', 'limit'],
    ['reader=a%20b', 'reader'],
  ];
  for (const [query, argument] of wrong) {
    const response = await kit.request(`/poll?${query}`, { token: session.token });
    t.is(response.status, 400, query);
    const problem = problemIn(response);
    t.is(problem.code, 'INVALID_ARGUMENT');
    t.true(problem.detail.startsWith(`${argument} `), problem.detail);
    t.true(isProblem(response));
  }
  t.is(kit.room.held, 0);
});
