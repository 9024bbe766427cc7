import test, { type ExecutionContext } from 'ava';
import { consoleFetchHandler } from '../../src/console/fetch.js';
import { consoleModule } from '../../src/console/index.js';
import { consoleHandler } from '../../src/console/node.js';
import { SessionError, startSessions } from '../../src/index.js';
import { ConsoleKit, type ConsoleKitOptions, consoleFronts } from '../support/console-kit.js';
import { warningsOf } from '../support/warnings.js';

function onEachFront(
  title: string,
  options: ConsoleKitOptions,
  body: (t: ExecutionContext, kit: ConsoleKit) => Promise<void>,
): void {
  for (const front of consoleFronts) {
    test(`${front}: ${title}`, async (t) => {
      const kit = await ConsoleKit.start(front, options);
      t.teardown(() => kit.close());
      await body(t, kit);
    });
  }
}

const reads = [
  '/console',
  '/console/page.js',
  '/console/page.css',
  '/console/api/overview',
  '/console/api/sessions',
  '/console/api/census',
];
const stranger = { 'x-operator': '' };

test('a console without a guard is refused when it is made', async (t) => {
  const { sessions, stop } = await startSessions();
  t.teardown(stop);
  const makers: Readonly<Record<string, (options: never) => unknown>> = {
    consoleModule,
    consoleHandler: (options) => consoleHandler(sessions, options),
    consoleFetchHandler: (options) => consoleFetchHandler(sessions, options),
  };
  for (const [front, make] of Object.entries(makers)) {
    for (const options of [{}, { guard: undefined }, { guard: true }, { guard: 'admin' }]) {
      const error = t.throws(() => make(options as never));
      t.true(SessionError.is(error, 'INVALID_CONTEXT'), front);
      t.regex(String(error), new RegExp(`^SessionError: ${front}: guard must be`));
    }
    const guard = () => 'root';
    for (const wrong of [{ path: 'console' }, { path: '/' }, { path: '/a"b/' }, { app: 'a b' }, { gaurd: guard }]) {
      const error = t.throws(() => make({ guard, ...wrong } as never));
      t.true(SessionError.is(error, 'INVALID_CONTEXT'), JSON.stringify(wrong));
    }
  }
});

onEachFront(
  'a client that the guard refuses gets no data, whatever it asks for',
  { console: { guard: () => undefined } },
  async (t, kit) => {
    const { id } = await kit.manager.createSession('alice');
    for (const path of reads) {
      const { status, body } = await kit.ask(path);
      t.is(status, 403, path);
      t.is(JSON.parse(body).detail, 'The guard of the console refuses this request');
    }
    for (const act of ['revoke', 'revoke-others', 'close-account', 'push', 'unknown']) {
      t.is((await kit.act(act, { id, account: 'alice', data: 1 })).status, 403, act);
    }
    t.is((await kit.manager.sessionsOfAccount('alice')).length, 1);
    t.is((await kit.manager.getSession(id)).undelivered, 0);
  },
);

const faultyGuards: Readonly<Record<string, () => never>> = {
  throws: () => {
    throw new Error('the database of users is away');
  },
  'returns true': () => true as never,
  'returns an empty name': () => '' as never,
  'returns a name with a line break': () => 'root\nset-cookie: a=b' as never,
  rejects: () => Promise.reject(new Error('late')) as never,
};

// Serial, because process warnings do not show which test has caused them.
test.serial('a guard that fails, or names no operator, refuses the request with a process warning', async (t) => {
  for (const [fault, guard] of Object.entries(faultyGuards)) {
    const kit = await ConsoleKit.start('node', { console: { guard } });
    t.teardown(() => kit.close());
    const warnings = await warningsOf(async () => {
      t.is((await kit.ask('/console/api/sessions')).status, 403, fault);
    });
    t.deepEqual(
      warnings.map(({ message }) => message),
      ['The guard of the console failed'],
      fault,
    );
  }
});

test('a SessionError of a guard is answered as such', async (t) => {
  const guard = () => {
    throw new SessionError('STORE_UNAVAILABLE', 'The users can’t be read', {});
  };
  const kit = await ConsoleKit.start('node', { console: { guard } });
  t.teardown(() => kit.close());
  t.is((await kit.ask('/console')).status, 503);
});

onEachFront('a page of another site can’t act, whichever header shows its site', {}, async (t, kit) => {
  await kit.manager.createSession('alice');
  const others = [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: `https://127.0.0.1:${kit.port + 1}` },
  ];
  for (const headers of others) {
    const answer = await kit.act('close-account', { account: 'alice' }, headers as Record<string, string>);
    t.is(answer.status, 403, JSON.stringify(headers));
  }
  t.is((await kit.manager.sessionsOfAccount('alice')).length, 1);
  const own = { origin: `http://127.0.0.1:${kit.port}`, 'sec-fetch-site': 'same-origin' };
  t.is((await kit.act('close-account', { account: 'alice' }, own)).status, 200);
});

onEachFront('an act without the console’s own header is refused', {}, async (t, kit) => {
  await kit.manager.createSession('alice');
  const body = JSON.stringify({ account: 'alice' });
  for (const type of ['application/json', 'text/plain', 'application/x-www-form-urlencoded']) {
    const headers = { 'content-type': type };
    const answer = await kit.ask('/console/api/close-account', { method: 'POST', body, headers });
    // Fastify itself refuses content types for which it has no parser.
    t.true([403, 415].includes(answer.status), type);
  }
  t.is((await kit.ask('/console/api/close-account?account=alice')).status, 404);
  t.is((await kit.manager.sessionsOfAccount('alice')).length, 1);
});

onEachFront('every answer forbids frames, caches, sniffing and foreign scripts', {}, async (t, kit) => {
  const answers = await Promise.all([
    ...reads.map((path) => kit.ask(path)),
    kit.ask('/console', { headers: stranger }),
    kit.act('revoke', { id: 'x' }),
    kit.ask('/console/api/sessions?cursor=%00'),
  ]);
  for (const { headers, status } of answers) {
    t.is(headers.get('cache-control'), 'no-store', String(status));
    t.is(headers.get('x-frame-options'), 'DENY');
    t.is(headers.get('x-content-type-options'), 'nosniff');
    t.is(headers.get('referrer-policy'), 'no-referrer');
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"]) {
      t.true(policy.includes(rule), rule);
    }
    t.notRegex(policy, /unsafe|https?:|\*/);
  }
});

onEachFront('the page has no inline script or style, and names no other host', {}, async (t, kit) => {
  const { body } = await kit.ask('/console');
  t.notRegex(body, /<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:|\/\//);
});

onEachFront('text of an attacker is sent as JSON, and is in no header', {}, async (t, kit) => {
  const hostile = '</script><img src=x onerror=alert(1)>"\'&';
  const account = `${hostile}é漢`;
  const session = await kit.manager.createSession(account, { userAgent: `${hostile}\r\nx-injected: 1` });
  const answer = await kit.ask(`/console/api/sessions?account=${encodeURIComponent(account)}`);
  t.regex(answer.headers.get('content-type') ?? '', /^application\/json/);
  t.false(answer.headers.has('x-injected'));
  const [found] = JSON.parse(answer.body).sessions;
  t.is(found.id, session.id);
  t.is(found.accountId, account);
  for (const path of [
    `sessions?id=${encodeURIComponent('a\r\nx-injected: 1')}`,
    'sessions?cursor=%0d%0ax-injected:1',
  ]) {
    t.false((await kit.ask(`/console/api/${path}`)).headers.has('x-injected'), path);
  }
});

onEachFront('a token is in no answer and no audit event', {}, async (t, kit) => {
  const { token, id } = await kit.manager.createSession('alice');
  const secret = token.slice(24);
  const audits: string[] = [];
  kit.manager.on('audit', (act) => audits.push(JSON.stringify(act)));
  const asked = await Promise.all([
    kit.ask('/console/api/sessions?account=alice'),
    kit.ask(`/console/api/sessions?id=${token}`),
    kit.ask(`/console/api/sessions?account=${token}`),
    kit.act('revoke', { id: token }),
    kit.act('push', { id: token, data: 1 }),
    kit.act('revoke', { id }),
    kit.ask('/console/api/overview'),
  ]);
  for (const { body } of asked) t.false(body.includes(secret));
  t.is(asked[1]?.status, 400);
  t.is(asked[3]?.status, 400);
  t.is(audits.length, 1);
  t.false(audits.join().includes(secret));
});

onEachFront('a parameter that is repeated or of a wrong form is refused', {}, async (t, kit) => {
  for (const query of ['account=a&account=b', 'id=a&id=b', 'cursor=a&cursor=b', 'account=', 'cursor=%22%3E']) {
    t.is((await kit.ask(`/console/api/sessions?${query}`)).status, 400, query);
  }
});

test('a body that is too large or not JSON is refused', async (t) => {
  for (const front of ['node', 'fetch'] as const) {
    const kit = await ConsoleKit.start(front, { context: { msgMaxBytes: 1_000 } });
    t.teardown(() => kit.close());
    const headers = { 'x-session-mailbox-console': '1' };
    for (const body of ['{', '', `{"account":"${'a'.repeat(6_000)}"}`]) {
      t.is((await kit.ask('/console/api/close-account', { method: 'POST', body, headers })).status, 400, front);
    }
  }
});

test('requests for paths outside of the console are left to the application', async (t) => {
  const kit = await ConsoleKit.start('node', { console: { path: '/admin/sessions/' } });
  t.teardown(() => kit.close());
  t.is((await kit.ask('/admin/sessions/')).status, 200);
  t.true((await kit.ask('/admin/sessions')).body.includes('"./sessions/page.js"'));
  t.true((await kit.ask('/admin/sessions/')).body.includes('"./page.js"'));
  for (const path of [
    '/',
    '/console',
    '/admin',
    '/admin/sessionsx',
    '/admin/sessions/api',
    '/admin/sessions//page.js',
  ]) {
    t.is((await kit.ask(path)).status, 404, path);
  }
  for (const method of ['PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    t.is((await kit.ask('/admin/sessions/api/revoke', { method })).status, 404, method);
  }
});
