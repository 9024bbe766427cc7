import { once } from 'node:events';
import test from 'ava';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.js';
import type { RawResponse } from '../support/http-client.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { isProblem, problemIn } from '../support/http-kit.js';
import { Teardowns } from '../support/teardowns.js';

const shared = new Teardowns();
/** The demo for all tests. Each test uses its own accounts. */
let demo: DemoProcess;

const asAdmin = { 'X-Admin-Key': 'key' };

test.before(async () => {
  demo = await DemoProcess.start(shared);
});

test.after.always('the server has printed no error', async (t) => {
  await shared.run();
  t.is(demo.stderr, '');
});

async function logIn(policy: string, account: string): Promise<{ readonly id: string; readonly token: string }> {
  const response = await demo.post(`/policies/${policy}/login`, { account, device: 'Phone' });
  if (response.status !== 200) throw new Error(response.body);
  return JSON.parse(response.body);
}

function poll(policy: string, token: string): Promise<RawResponse> {
  return demo.request(`/policies/${policy}/poll?after=&wait=0`, { token });
}

test('the policy in its path decides whether a sixth login is refused, ends the oldest or ends the idlest session', async (t) => {
  const rejected = await logIn('reject', 'alice');
  const oldest = await logIn('evict-oldest', 'alice');
  const idlest = await logIn('evict-idle', 'alice');
  for (let count = 0; count < 4; count += 1) {
    for (const policy of ['reject', 'evict-oldest', 'evict-idle']) await logIn(policy, 'alice');
  }
  const sixth = await demo.post('/policies/reject/login', { account: 'alice', device: 'Phone' });
  t.is(sixth.status, 409);
  t.is(problemIn(sixth).code, 'SESSION_LIMIT');
  t.is((await poll('reject', rejected.token)).status, 200);
  await logIn('evict-oldest', 'alice');
  t.like(problemIn(await poll('evict-oldest', oldest.token)), { closed: { code: 'evicted' } });
  await logIn('evict-idle', 'alice');
  t.like(problemIn(await poll('evict-idle', idlest.token)), { closed: { code: 'evicted' } });
  const unknown = await demo.post('/policies/none/login', { account: 'alice', device: 'Phone' });
  t.is(unknown.status, 400);
});

test('the sessions of one policy are unknown to the others', async (t) => {
  const { token } = await logIn('reject', 'bob');
  t.is((await poll('reject', token)).status, 200);
  t.is((await poll('evict-idle', token)).status, 401);
  t.is((await demo.request('/poll?after=&wait=0', { token })).status, 401);
});

test('a WebSocket whose protocols name the token gets the messages of its session', async (t) => {
  const { id, token } = await logIn('reject', 'cleo');
  const url = `ws://127.0.0.1:${demo.port}/policies/reject/stream?after=`;
  const socket = new WebSocket(url, ['mailbox', `token.${token}`]);
  t.teardown(() => socket.terminate());
  const [first] = await once(socket, 'message');
  t.like(JSON.parse(String(first)), { messages: [], lost: 0 });
  t.is(socket.protocol, 'mailbox');
  const next = once(socket, 'message');
  await demo.post('/policies/reject/messages', { to: { session: id }, data: 'hi' }, asAdmin);
  t.like(JSON.parse(String((await next)[0])), { messages: [{ offset: 1, data: 'hi' }] });
  const stranger = new WebSocket(url, ['mailbox', `token.${'x'.repeat(64)}`]);
  const [error] = await once(stranger, 'error');
  t.regex(String(error), /401/);
});

test('a device can replace its token, and the old token is invalid then', async (t) => {
  const { id, token } = await logIn('reject', 'dora');
  const rolled = await demo.request('/policies/reject/token', { method: 'POST', token });
  t.is(rolled.status, 200);
  const next = JSON.parse(rolled.body);
  t.is(next.id, id);
  t.is((await poll('reject', token)).status, 401);
  t.is((await poll('reject', next.token)).status, 200);
  t.is((await demo.request('/policies/reject/token', { method: 'POST' })).status, 401);
});

test('after a flood the mailbox has as many messages as fit, and the list of mailboxes shows their number', async (t) => {
  const { id } = await logIn('reject', 'eve');
  const data = Array.from({ length: 60 }, (_, n) => n);
  const flood = await demo.post('/policies/reject/flood', { session: id, data }, asAdmin);
  t.like(JSON.parse(flood.body), { accepted: 60 });
  const mailboxes = await demo.request('/policies/reject/mailboxes?account=eve', { headers: asAdmin });
  t.deepEqual(JSON.parse(mailboxes.body), {
    maxSession: 5,
    onMaxSession: 'reject',
    msgMaxLength: 50,
    sessions: [{ id, account: 'eve', undelivered: 50 }],
  });
});

test('pushes, floods and the list of mailboxes need the admin key', async (t) => {
  const { id, token } = await logIn('reject', 'finn');
  const answers = [
    await demo.post('/policies/reject/messages', { to: { session: id }, data: 1 }),
    await demo.post('/policies/reject/flood', { session: id, data: [1] }),
    await demo.request('/policies/reject/mailboxes?account=finn', { token }),
  ];
  for (const answer of answers) {
    t.is(answer.status, 403);
    t.true(isProblem(answer));
  }
});

test('operations need the admin key, and are refused to clients behind a proxy and to pages of other sites', async (t) => {
  const crossSite = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' };
  for (const path of ['restart', 'kill', 'redis']) {
    for (const headers of [{}, { ...asAdmin, 'X-Forwarded-For': '192.0.2.1' }, { ...asAdmin, ...crossSite }]) {
      const answer = await demo.post(`/operations/${path}`, { action: 'stop' }, headers);
      t.is(answer.status, 403, `${path} ${JSON.stringify(headers)}`);
    }
  }
});

test('an operation that needs another start command is refused with an error that names the command', async (t) => {
  const { startedBy, can } = JSON.parse((await demo.request('/operations')).body);
  t.deepEqual([startedBy, can], ['start', { restart: true, kill: false, redis: false }]);
  const kill = await demo.post('/operations/kill', {}, asAdmin);
  t.regex(String(problemIn(kill).detail), /npm run start:cluster/);
  const redis = await demo.post('/operations/redis', { action: 'stop' }, asAdmin);
  t.regex(String(problemIn(redis).detail), /npm run start:redis/);
});

test('the content security policy of the page allows only this server, and no path leads out of the folder of its files', async (t) => {
  for (const path of ['/', '/page/app.js', '/page/style.css', '/library/session-mailbox.js', '/library/uplot.js']) {
    const file = await demo.request(path);
    t.is(file.status, 200, path);
    t.regex(
      file.headers.get('content-security-policy') ?? '',
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
  }
  for (const path of ['/page/none.js', '/page/..%2fserver.ts', '/page/%2e%2e%2fserver.js', '/library/constructor']) {
    t.is((await demo.request(path)).status, 404, path);
  }
});

test('a restart stops the server for a short time, and keeps its sessions and messages', async (t) => {
  const own = await DemoProcess.start(t);
  const login = await own.post('/policies/reject/login', { account: 'gina', device: 'Phone' });
  const { id, token } = JSON.parse(login.body);
  await own.post('/policies/reject/messages', { to: { session: id }, data: 'kept' }, asAdmin);
  t.is((await own.post('/operations/restart', {}, asAdmin)).status, 202);
  await eventually(async () => {
    // The request fails while the port is closed.
    const { body } = (await own.request('/operations').catch(() => undefined)) ?? { body: '{}' };
    return JSON.parse(body).restarts === 1;
  });
  const batch = JSON.parse((await own.request('/policies/reject/poll?after=&wait=0', { token })).body);
  t.like(batch, { messages: [{ offset: 1, data: 'kept' }], lost: 0 });
  own.signal('SIGTERM');
  t.is(await own.exit, 0);
});
