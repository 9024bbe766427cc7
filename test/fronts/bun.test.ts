import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { EventStream } from '../support/event-stream.js';
import { eventually } from '../support/eventually.js';
import { Connection, type RequestOptions, request } from '../support/http-client.js';
import { limits } from '../support/limits.js';

// `BUN` names the program. `npm install --no-save --ignore-scripts @oven/bun-linux-x64` installs it.
const bun = process.env.BUN || 'bun';
const { status } = spawnSync(bun, ['--version'], { stdio: 'ignore' });
const onBun = status === 0 ? test.serial : test.serial.skip;
const title = (fact: string) => (status === 0 ? fact : `${fact} (there is no Bun: neither on the PATH nor in BUN)`);

interface Login {
  readonly id: string;
  readonly token: string;
}

let child: ChildProcess | undefined;
let port = 0;

test.before(async (t) => {
  t.timeout(limits.test);
  if (status !== 0) return;
  const script = fileURLToPath(new URL('./bun-server.js', import.meta.url));
  const started = spawn(bun, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  child = started;
  for await (const line of createInterface({ input: started.stdout })) {
    port = Number(/^port (\d+)$/.exec(line)?.[1]);
    return;
  }
  throw new Error('The server ended before it listened');
});

test.after.always(() => {
  child?.kill('SIGKILL');
});

const ask = (path: string, options?: RequestOptions) => request(port, path, options);

async function json(path: string, options?: RequestOptions) {
  const answer = await ask(path, options);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body);
}

const logIn = (): Promise<Login> => json('/control/login');
const held = (): Promise<number> => json('/control/held');
const undelivered = (id: string): Promise<number> => json(`/control/undelivered?id=${id}`);
const push = (id: string, data: unknown) =>
  json(`/control/push?id=${id}`, { method: 'POST', body: JSON.stringify(data) });

/** Sends a poll, and waits until the server holds it. */
async function hold(t: ExecutionContext, { token }: Login, path: string): Promise<Connection> {
  const connection = await Connection.open(port);
  t.teardown(() => connection.close());
  connection.send(path, { token });
  await eventually(async () => (await held()) === 1);
  return connection;
}

function open(path: string, headers: Readonly<Record<string, string>>): Promise<EventStream> {
  return EventStream.open(port, path, headers);
}

onBun(title('on Bun a held poll is answered by a push, and a draining poll gives a message once'), async (t) => {
  const login = await logIn();
  const poll = await hold(t, login, '/poll?after=');
  await push(login.id, { text: 'hi ☃' });
  const answer = await poll.response();
  t.is(answer.status, 200);
  t.like(JSON.parse(answer.body), { messages: [{ offset: 1, data: { text: 'hi ☃' } }] });
  t.like(await json('/poll?wait=0', { token: login.token }), { messages: [{ data: { text: 'hi ☃' } }] });
  await eventually(async () => (await undelivered(login.id)) === 0);
});

onBun(title('on Bun a poll whose client disconnects is released, and loses no message'), async (t) => {
  const login = await logIn();
  const poll = await hold(t, login, '/poll');
  await poll.close();
  await eventually(async () => (await held()) === 0);
  await push(login.id, 'kept');
  t.like(await json('/poll?wait=0', { token: login.token }), { messages: [{ data: 'kept' }] });
});

onBun(title('on Bun a stream sends events when they are pushed, resumes, and can be acknowledged'), async (t) => {
  const { id, token } = await logIn();
  const authorization = `Bearer ${token}`;
  const stream = await open('/events?reader=tab', { authorization });
  await stream.until(({ lastEventId }) => lastEventId !== '');
  t.is(stream.response.headers['content-type'], 'text/event-stream');
  for (const data of ['a', 'b']) await push(id, data);
  await stream.until(({ events }) => events.length === 2);
  t.deepEqual(stream.data, ['a', 'b']);
  stream.close();
  const resumed = await open('/events?reader=tab', { authorization, 'last-event-id': stream.events[0]?.id ?? '' });
  await resumed.until(({ events }) => events.length === 1);
  t.deepEqual(resumed.data, ['b']);
  const body = JSON.stringify({ cursor: resumed.lastEventId });
  const headers = { 'Content-Type': 'application/json' };
  t.is((await ask('/ack?reader=tab', { method: 'POST', token, headers, body })).status, 204);
  t.is(await undelivered(id), 0);
  await json(`/control/close?id=${id}`);
  await resumed.until(({ hasEnded }) => hasEnded);
  t.like(resumed.of('closed')[0], { code: 'revoked', reconnect: false });
  await eventually(async () => (await held()) === 0);
});

onBun(title('on Bun refusals are problem documents, and a page of a trusted origin reads them'), async (t) => {
  const { token } = await logIn();
  const headers = { Origin: 'https://app.example', 'Sec-Fetch-Site': 'cross-site' };
  for (const [path, expected] of [
    ['/poll?after=', 401],
    ['/poll?wait=x', 400],
    ['/events?ack=x', 400],
  ] as const) {
    const answer = await ask(path, { headers, ...(expected !== 401 && { token }) });
    t.is(answer.status, expected, path);
    t.is(answer.headers.get('content-type'), 'application/problem+json');
    t.is(answer.headers.get('access-control-allow-origin'), 'https://app.example');
  }
  const asked = { ...headers, 'Access-Control-Request-Method': 'POST' };
  t.is((await ask('/ack', { method: 'OPTIONS', headers: asked })).status, 204);
  const foreign = { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' };
  t.is((await ask('/poll?after=', { cookie: `sid=${token}`, headers: foreign })).status, 403);
});

onBun(title('on Bun a login sets the cookie, and a logout ends the session and clears it'), async (t) => {
  const login = await ask('/control/login');
  const [cookie = ''] = (login.headers.get('set-cookie') ?? '').split(';');
  t.regex(cookie, /^sid=[0-9A-Za-z]{64}$/);
  const list = await json('/sessions', { cookie });
  t.true(list.sessions.some(({ current }: { current: boolean }) => current));
  const logout = await ask('/sessions/current', { method: 'DELETE', cookie });
  t.is(logout.status, 204);
  t.regex(logout.headers.get('set-cookie') ?? '', /^sid=;.*Max-Age=0/);
  t.is((await ask('/poll?after=', { cookie })).status, 401);
});
