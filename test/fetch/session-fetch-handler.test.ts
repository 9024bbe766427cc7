import test, { type ExecutionContext } from 'ava';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import { sessionFetchHandler } from '../../src/fetch/index.js';
import { until } from '../support/http-kit.js';
import { startService } from '../support/service.js';
import { warningsOf } from '../support/warnings.js';

const site = 'http://shop.example';

async function stage(t: ExecutionContext) {
  const { manager, container } = await startService(t);
  const session = await manager.createSession('alice');
  const authorization = `Bearer ${session.token}`;
  const request = (path: string, init: RequestInit = {}) =>
    new Request(`${site}${path}`, { ...init, headers: { authorization, ...init.headers } });
  return { manager, session, request, room: container.get(WaitingRoom), handle: sessionFetchHandler(manager) };
}

test('a request for none of the routes is answered with 404, and serves returns false for it', async (t) => {
  const { handle, request } = await stage(t);
  for (const path of ['/', '/polls', '/sessions/a/b']) {
    t.false(handle.serves(request(path)));
    t.is((await handle(request(path))).status, 404);
  }
  t.true(handle.serves(request('/poll')));
  t.true(handle.serves(request('/sessions/current', { method: 'DELETE' })));
});

test('a held poll ends when its signal is aborted', async (t) => {
  const { handle, request, room } = await stage(t);
  const controller = new AbortController();
  const answer = handle(request('/poll?after=', { signal: controller.signal }));
  await until(() => room.held === 1);
  controller.abort();
  t.is((await answer).status, 499);
  t.is(room.held, 0);
});

test('a poll whose signal was aborted before is not held', async (t) => {
  const { handle, request, room } = await stage(t);
  t.is((await handle(request('/poll?after=', { signal: AbortSignal.abort() }))).status, 499);
  t.is(room.held, 0);
});

test('a draining poll removes its messages once its body was read to the end, and not before', async (t) => {
  const { handle, request, manager, session } = await stage(t);
  const text = 'x'.repeat(40_000);
  await manager.push(session.id, text);
  const dropped = await handle(request('/poll?wait=0'));
  const reader = dropped.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  t.is((await manager.getSession(session.id)).undelivered, 1);
  const taken = await handle(request('/poll?wait=0'));
  t.like(await taken.json(), { messages: [{ data: text }] });
  t.like(await (await handle(request('/poll?wait=0'))).json(), { messages: [] });
});

test('if the server hides the Host header, a cookie counts only for pages of the host in the URL', async (t) => {
  const { manager, session } = await stage(t);
  const handle = sessionFetchHandler(manager);
  const poll = (origin: string) =>
    handle(new Request(`${site}/poll?after=&wait=0`, { headers: { cookie: `sid=${session.token}`, origin } }));
  t.is((await poll(site)).status, 200);
  t.is((await poll('http://evil.example')).status, 403);
});

test('login and logout add their cookie to the headers', async (t) => {
  const { handle, session } = await stage(t);
  const headers = new Headers({ 'set-cookie': 'theme=dark' });
  handle.login(headers, session);
  handle.logout(headers);
  const [theme, login = '', logout = ''] = headers.getSetCookie();
  t.is(theme, 'theme=dark');
  t.true(login.startsWith(`sid=${session.token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=`));
  t.is(logout, 'sid=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0');
});

test.serial(
  'an aborted body is refused with 400, and is no fault of the server; a locked body is a fault of the server',
  async (t) => {
    const { handle, request } = await stage(t);
    const acknowledge = (body: ReadableStream) =>
      request('/ack', { method: 'POST', body, duplex: 'half' } as RequestInit);
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error('the client has left')) });
    const quiet = await warningsOf(async () => t.is((await handle(acknowledge(broken))).status, 400));
    t.deepEqual(quiet, []);
    const locked = acknowledge(new ReadableStream());
    locked.body?.getReader();
    t.is((await warningsOf(async () => t.is((await handle(locked)).status, 500))).length, 1);
  },
);
