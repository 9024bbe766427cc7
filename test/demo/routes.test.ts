import test from 'ava';
import type { RawResponse } from '../support/http-client.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { isProblem, problemIn } from '../support/http-kit.js';
import { Teardowns } from '../support/teardowns.js';

const shared = new Teardowns();
/** The demo for all tests. Each test uses its own accounts. */
let demo: DemoProcess;

test.before(async () => {
  demo = await DemoProcess.start(shared);
});

test.after.always('the server has printed no error', async (t) => {
  await shared.run();
  t.is(demo.stderr, '');
});

test('a login polls, receives a push, and is logged out by another device of its account', async (t) => {
  const login = await demo.post('/login', { account: 'alice' });
  t.is(login.status, 200);
  t.regex(login.headers.get('set-cookie') ?? '', /^sid=[0-9A-Za-z]{64}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=/);
  t.false(login.body.includes((login.headers.get('set-cookie') ?? '').slice(4, 68)));
  const phone = await demo.logIn('alice');
  const desk = await demo.logIn('alice');
  const held = await demo.hold(phone.cookie, '');
  t.deepEqual(JSON.parse((await demo.push({ session: phone.id }, { text: 'hi' })).body), {
    accepted: 1,
    dropped: 0,
    refused: 0,
  });
  const batch = JSON.parse((await held.response()).body);
  t.like(batch, { messages: [{ offset: 1, data: { text: 'hi' } }], lost: 0 });
  held.send(`/poll?after=${batch.cursor}`, { cookie: phone.cookie });
  const out = await demo.request(`/sessions/${phone.id}`, { method: 'DELETE', cookie: desk.cookie });
  t.is(out.status, 204);
  const last = await held.response();
  t.true(last.status === 401 || JSON.parse(last.body).closed.code === 'revoked');
  await held.close();
  t.like(JSON.parse((await demo.push({ account: 'alice' }, 1)).body), { accepted: 2 });
});

test('a login with the cookie of a live session replaces that session', async (t) => {
  const old = await demo.logIn('ruth');
  const held = await demo.hold(old.cookie, '');
  t.is((await demo.post('/login', { account: 'ruth' }, { Cookie: old.cookie })).status, 200);
  t.like(JSON.parse((await held.response()).body), { closed: { code: 'replaced' } });
  await held.close();
  t.like(JSON.parse((await demo.push({ account: 'ruth' }, 1)).body), { accepted: 1 });
});

test('a sixth login of an account ends its oldest session, whose poll returns the reason', async (t) => {
  const { cookie } = await demo.logIn('dora');
  for (let count = 0; count < 5; count += 1) await demo.logIn('dora');
  const refused = await demo.request('/poll?after=', { cookie });
  t.is(refused.status, 401);
  t.like(problemIn(refused), { code: 'SESSION_CLOSED', closed: { code: 'evicted' } });
});

test('with onMaxSession reject, a sixth login is refused with 409; a push to the app reaches all sessions', async (t) => {
  const rejecting = await DemoProcess.start(t, undefined, { SESSION_ON_MAX_SESSION: 'reject' });
  for (let count = 0; count < 5; count += 1) await rejecting.logIn('alice');
  const sixth = await rejecting.post('/login', { account: 'alice' });
  t.is(sixth.status, 409);
  t.true(isProblem(sixth));
  t.is(problemIn(sixth).code, 'SESSION_LIMIT');
  t.false(sixth.headers.has('set-cookie'));
  t.is((await rejecting.post('/login', { account: 'bob' })).status, 200);
  t.like(JSON.parse((await rejecting.push({ app: 'default' }, 'to everyone')).body), { accepted: 6 });
});

test('/livez and /healthz answer 200 while the server runs', async (t) => {
  for (const path of ['/livez', '/healthz']) {
    const response = await demo.request(path);
    t.deepEqual([response.status, response.body], [200, '{"status":"ok"}'], path);
    t.is(response.headers.get('cache-control'), 'no-store');
  }
});

test('the console of a policy serves clients of the same machine, but no client behind a proxy', async (t) => {
  const { id } = await demo.logIn('carol');
  t.is((await demo.request('/policies/evict-oldest/console/')).status, 200);
  const listed = JSON.parse((await demo.request('/policies/evict-oldest/console/api/sessions?account=carol')).body);
  t.is(listed.sessions.length, 1);
  t.is(listed.sessions[0].id, id);
  for (const header of ['X-Forwarded-For', 'Forwarded']) {
    const headers = { [header]: '198.51.100.7' };
    t.is((await demo.request('/policies/evict-oldest/console/', { headers })).status, 403);
  }
});

test('a push without the right key is 403, and no message arrives', async (t) => {
  const { id, token } = await demo.logIn('paul');
  const wrong = [
    {},
    { 'X-Admin-Key': '' },
    { 'X-Admin-Key': 'demo' },
    { 'X-Admin-Key': 'keys' },
    { 'X-Admin-Key': 'KEY' },
  ];
  for (const headers of wrong) {
    const response = await demo.post('/messages', { to: { session: id }, data: 1 }, headers);
    t.is(response.status, 403, JSON.stringify(headers));
    t.true(isProblem(response));
  }
  const byCookie = await demo.request('/messages', { method: 'POST', token, body: '{}' });
  t.true(byCookie.status === 403 || byCookie.status === 415);
  t.is(JSON.parse((await demo.request('/sessions', { token })).body).sessions[0].undelivered, 0);
});

test('invalid requests are answered with 4xx problem documents, and later requests succeed', async (t) => {
  const key = { 'X-Admin-Key': 'key' };
  const check = (response: RawResponse, what: string) => {
    t.true(response.status >= 400 && response.status < 500, `${what}: ${response.status}`);
    t.true(isProblem(response), `${what}: ${response.headers.get('content-type')}`);
    t.is(problemIn(response).status, response.status, what);
    t.true(response.body.length < 2_000, what);
  };
  const deep = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
  const texts = [
    '',
    ' ',
    '{',
    'nonsense',
    '[]',
    '"text"',
    'null',
    '7',
    '{}',
    '{"a":1}',
    deep,
    '\u0000',
    '{"account":}',
  ];
  texts.push('{"__proto__":{"account":"x"}}', '{"constructor":{"prototype":{"account":"x"}}}', `{"account":${deep}}`);
  for (const text of texts) {
    check(await demo.postText('/login', text), `login ${text.slice(0, 30)}`);
    check(await demo.postText('/messages', text, key), `messages ${text.slice(0, 30)}`);
  }
  for (const account of ['', 7, null, true, [], {}, 'a'.repeat(257), 'a\nb', '\u0000', '\ud800']) {
    check(await demo.post('/login', { account }), `account ${JSON.stringify(account)?.slice(0, 30)}`);
  }
  const targets = [undefined, null, 'x', [], {}, { session: 7 }, { session: 'x' }, { account: '' }, { app: '../x' }];
  for (const to of [...targets, { session: 'x'.repeat(24) }, { session: 'a', account: 'b' }, { other: 1 }]) {
    check(await demo.post('/messages', { to, data: 1 }, key), `to ${JSON.stringify(to)}`);
  }
  check(await demo.post('/messages', { to: { account: 'a' } }, key), 'no data');
  check(await demo.post('/messages', { to: { account: 'a' }, data: 1, key: '' }, key), 'empty key');
  check(await demo.post('/messages', { to: { account: 'a' }, data: 1, key: 7 }, key), 'key of a wrong type');
  check(await demo.post('/messages', { to: { account: 'a' }, data: '\ud800' }, key), 'lone surrogate');
  check(await demo.post('/messages', { to: { account: 'a' }, data: 'x'.repeat(70_000) }, key), 'message too large');
  check(await demo.post('/messages', { to: { account: 'a' }, data: 'x'.repeat(200_000) }, key), 'body too large');
  for (const type of ['text/plain', 'text/html', 'application/x-www-form-urlencoded', 'multipart/form-data', 'x', '']) {
    check(await demo.postText('/login', '{"account":"alice"}', { 'Content-Type': type }), `type ${type}`);
  }
  check(await demo.request('/login', { method: 'POST' }), 'no body at all');
  check(await demo.request('/nowhere'), 'no such route');
  check(await demo.request('/login'), 'no such method');
  check(await demo.request('/sessions/%E0%A4%A', { method: 'DELETE' }), 'broken path');
  check(await demo.request('/poll?after=x', { token: 'x'.repeat(64) }), 'poll');
  t.is((await demo.post('/login', { account: 'zoe' })).status, 200);
});

test('a login or a push from a page of another site is 403', async (t) => {
  const headers = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
  const login = await demo.post('/login', { account: 'alice' }, headers);
  t.is(login.status, 403);
  t.is(problemIn(login).code, 'CROSS_SITE');
  const push = await demo.post('/messages', { to: { app: 'default' }, data: 1 }, { ...headers, 'X-Admin-Key': 'key' });
  t.is(push.status, 403);
});

test('keys named after prototype members are delivered as data or refused', async (t) => {
  const { id, token } = await demo.logIn('__proto__');
  const text = `{"to":{"session":"${id}"},"data":{"constructor":1},"key":"__proto__"}`;
  t.is((await demo.postText('/messages', text, { 'X-Admin-Key': 'key' })).status, 200);
  const poisoned = `{"to":{"session":"${id}"},"data":{"__proto__":{"polluted":1}}}`;
  t.is((await demo.postText('/messages', poisoned, { 'X-Admin-Key': 'key' })).status, 400);
  t.like(JSON.parse((await demo.request('/poll?after=', { token })).body), {
    messages: [{ data: { constructor: 1 } }],
  });
});
