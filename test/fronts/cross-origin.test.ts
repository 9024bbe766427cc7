import { onEachFront } from './stage.js';

const trusted = 'https://app.example';
const options = { http: { trustedOrigins: [trusted] }, needsToken: true } as const;
const fromTrusted = { origin: trusted, 'sec-fetch-site': 'cross-site' };

function preflight(method: string, origin: string) {
  const asked = { 'access-control-request-method': method, 'access-control-request-headers': 'authorization' };
  return { method: 'OPTIONS', headers: { origin, ...asked } };
}

onEachFront('a page of a trusted origin may call every route by bearer token', options, async (t, stage) => {
  for (const [method, path] of [
    ['GET', '/poll'],
    ['GET', '/events'],
    ['POST', '/ack'],
    ['GET', '/sessions'],
    ['DELETE', '/sessions'],
    ['DELETE', '/sessions/current'],
    ['DELETE', `/sessions/${'x'.repeat(24)}`],
  ] as const) {
    const answer = await stage.request(path, preflight(method, trusted));
    t.is(answer.status, 204, `${method} ${path}`);
    t.like(answer.headers, {
      'access-control-allow-origin': trusted,
      'access-control-allow-methods': 'GET, POST, DELETE',
      'access-control-allow-headers': 'Authorization, Content-Type, Last-Event-ID',
      'access-control-max-age': '7200',
      vary: 'Origin',
    });
    t.is(answer.body, '');
  }
});

onEachFront('a page of a trusted origin reads every answer and every error', options, async (t, stage) => {
  const { id, token } = await stage.logIn();
  const held = stage.send('/poll?after=', { token, headers: fromTrusted });
  const stream = stage.send('/events', { token, headers: fromTrusted });
  await stage.manager.push(id, 'hi');
  const json = { ...fromTrusted, 'content-type': 'application/json' };
  const answers = [
    await held.answer,
    await stream.answer,
    await stage.request('/poll?after=&wait=0', { headers: fromTrusted }),
    await stage.request('/poll?wait=x', { token, headers: fromTrusted }),
    await stage.request('/events?ack=x', { token, headers: fromTrusted }),
    await stage.request('/ack', { method: 'POST', token, headers: json, body: '{"cursor":"a.1.1"}' }),
    await stage.request('/ack', { method: 'POST', token, headers: json, body: '{}' }),
    await stage.request('/sessions', { token, headers: fromTrusted }),
    await stage.request('/sessions', { headers: fromTrusted }),
    await stage.request(`/sessions/${'x'.repeat(24)}`, { method: 'DELETE', token, headers: fromTrusted }),
    await stage.request('/sessions/current', { method: 'DELETE', token, headers: fromTrusted }),
  ];
  stream.cancel();
  t.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 401, 400, 400, 204, 400, 200, 401, 404, 204],
  );
  for (const { status, headers } of answers) {
    t.is(headers['access-control-allow-origin'], trusted, String(status));
    t.is(headers['access-control-expose-headers'], 'Retry-After, WWW-Authenticate');
    t.is(headers.vary, 'Origin');
    t.is(headers['access-control-allow-credentials'], undefined, 'the cookie is not for other sites');
  }
});

onEachFront(
  'a page of any other origin gets no CORS header, and its preflight is refused',
  options,
  async (t, stage) => {
    const { token } = await stage.logIn();
    for (const origin of ['https://evil.example', 'null', 'https://app.example.evil.example', 'http://app.example']) {
      const asked = await stage.request('/poll', preflight('GET', origin));
      t.is(asked.status, 403, origin);
      const poll = await stage.request('/poll?after=&wait=0', { token, headers: { origin } });
      const list = await stage.request('/sessions', { token, headers: { origin } });
      for (const { headers } of [asked, poll, list]) {
        t.is(headers['access-control-allow-origin'], undefined, origin);
        t.is(headers.vary, 'Origin', origin);
      }
    }
  },
);

onEachFront('a preflight for a method or a path without a route is answered 404', options, async (t, stage) => {
  for (const [method, path] of [
    ['PUT', '/poll'],
    ['POST', '/sessions'],
    ['GET', '/sessions/current'],
    ['GET', '/other'],
  ] as const) {
    const { status, headers } = await stage.request(path, preflight(method, trusted));
    t.is(status, 404, `${method} ${path}`);
    t.is(headers['access-control-allow-methods'], undefined);
  }
  t.is((await stage.request('/poll', { method: 'OPTIONS' })).status, 404, 'without a method that is asked for');
});

onEachFront('without trusted origins no answer has a CORS header', { needsToken: true }, async (t, stage) => {
  const { token } = await stage.logIn();
  const headers = { origin: trusted };
  for (const path of ['/poll?after=&wait=0', '/sessions']) {
    const answer = await stage.request(path, { token, headers });
    t.is(answer.status, 200);
    t.deepEqual([answer.headers.vary, answer.headers['access-control-allow-origin']], [undefined, undefined]);
  }
  t.is((await stage.request('/poll', preflight('GET', trusted))).status, 403);
});
