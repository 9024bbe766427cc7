import { type Kit, onEachAdapter, problemIn } from '../support/http-kit.js';

type Headers = Readonly<Record<string, string>>;

const requests = [
  ['GET', '/poll?wait=0'],
  ['DELETE', '/sessions/current'],
  ['DELETE', '/sessions?except=current'],
] as const;

function hostOf(kit: Kit): string {
  return `127.0.0.1:${kit.port}`;
}

onEachAdapter('cross-site request forgery: a request from a page of another site is 403', {}, async (t, kit) => {
  const session = await kit.logIn();
  await kit.logIn();
  await kit.manager.push(session.id, 'untouched');
  const foreign: readonly Headers[] = [
    { 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
    { 'Sec-Fetch-Site': 'cross-site', Origin: `http://${hostOf(kit)}` },
    { 'Sec-Fetch-Site': 'nonsense' },
    { 'Sec-Fetch-Site': '' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: '' },
    { Origin: `http://${hostOf(kit)}.evil.example` },
    { Origin: `http://evil.example#${hostOf(kit)}` },
    { Origin: `http://127.0.0.1:1` },
    { Origin: 'file://' },
  ];
  for (const headers of foreign) {
    for (const [method, path] of requests) {
      const response = await kit.request(path, { method, cookie: `sid=${session.token}`, headers });
      t.is(response.status, 403, `${method} ${path} ${JSON.stringify(headers)}`);
      t.is(problemIn(response).code, 'CROSS_SITE');
    }
  }
  t.is((await kit.manager.sessionsOfAccount('alice')).length, 2);
  t.is((await kit.manager.getSession(session.id)).undelivered, 1);
});

onEachAdapter('pages of the same site, and clients other than browsers, may act by cookie', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  t.is((await kit.request('/poll?wait=0&after=', { cookie: `sid=${token}` })).status, 200);
  const own: readonly Headers[] = [
    { 'Sec-Fetch-Site': 'same-origin', Origin: `http://${hostOf(kit)}` },
    { 'Sec-Fetch-Site': 'none' },
    { Origin: `http://${hostOf(kit)}` },
  ];
  for (const headers of own) {
    const response = await kit.request('/poll?wait=0', { cookie: `sid=${token}`, headers });
    t.is(response.status, 200, JSON.stringify(headers));
  }
});

onEachAdapter('by cookie, without Sec-Fetch-Site and Origin, no poll removes a message', {}, async (t, kit) => {
  const { id, token } = await kit.logIn();
  const cookie = `sid=${token}`;
  await kit.manager.push(id, 'kept');
  for (const query of ['', '?wait=0', '?wait=0&reader=another', '?after&wait=0', '?after=&wait=0']) {
    const response = await kit.request(`/poll${query}`, { cookie, headers: { Authorization: 'Basic x' } });
    t.is(response.status, query.includes('after') ? 200 : 400, query);
    if (response.status !== 400) continue;
    t.is(problemIn(response).code, 'INVALID_ARGUMENT');
    t.regex(problemIn(response).detail, /after=.*bearer/);
  }
  t.is((await kit.manager.getSession(id)).undelivered, 1);
  const unknown = await kit.request('/poll', { headers: {} });
  t.is(unknown.status, 401);
  t.true((await kit.request('/poll?wait=0', { token })).body.includes('kept'));
  t.is((await kit.manager.getSession(id)).undelivered, 0);
});

onEachAdapter('a bearer token, which no browser sends by itself, is exempt', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
  t.is((await kit.request('/poll?wait=0', { token, headers })).status, 200);
  t.is((await kit.request('/sessions/current', { method: 'DELETE', token, headers })).status, 204);
});

onEachAdapter('a fake bearer token next to the cookie does not lift the rule', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const evil = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
  const cookie = `sid=${token}`;
  for (const Authorization of ['Bearer', 'Bearer ', 'Basic x', 'Bearer not-a-token!']) {
    const headers = { ...evil, Authorization };
    t.is((await kit.request('/sessions/current', { method: 'DELETE', cookie, headers })).status, 403, Authorization);
  }
  const headers = { ...evil, Authorization: 'Bearer x' };
  t.is((await kit.request('/sessions/current', { method: 'DELETE', cookie, headers })).status, 401);
  t.is((await kit.request('/sessions', { token })).status, 200);
});

onEachAdapter('an HTTP/1.0 request without a host has no own origin', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  const connection = await kit.open();
  connection.sendRaw(`GET /poll?wait=0 HTTP/1.0\r\nCookie: sid=${token}\r\nOrigin: null\r\n\r\n`);
  const status = await connection.response().then(
    (response) => response.status,
    () => 400,
  );
  t.true(status >= 400 && status < 500, String(status));
});

const trusting = { http: { trustedOrigins: ['https://app.example.com'] } };

onEachAdapter('of other origins, only listed ones may act', trusting, async (t, kit) => {
  const { token } = await kit.logIn();
  const poll = async (Origin: string) => {
    const headers = { 'Sec-Fetch-Site': 'cross-site', Origin };
    return (await kit.request('/poll?wait=0', { cookie: `sid=${token}`, headers })).status;
  };
  t.is(await poll('https://app.example.com'), 200);
  const near = ['http://app.example.com', 'https://app.example.com:8443', 'https://app.example.com.evil.example'];
  for (const origin of [...near, 'https://evil.example', 'null']) {
    t.is(await poll(origin), 403, origin);
  }
});

onEachAdapter(
  'a page of another site that requests the list changes nothing and can’t read the answer',
  {},
  async (t, kit) => {
    const { token } = await kit.logIn();
    const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
    const response = await kit.request('/sessions', { cookie: `sid=${token}`, headers });
    t.false(response.headers.has('access-control-allow-credentials'));
    t.not(response.headers.get('access-control-allow-origin'), 'https://evil.example');
  },
);
