import test from 'ava';
import { memoryStore, SessionError } from '../../src/index.js';
import { onEachAdapter, problemIn } from '../support/http-kit.js';
import { refusalOf, startService } from '../support/http-service.js';

const lineBreaks = ['\n', '\r', '\r\n', '\u0085', '\u0000', '\u001b[31m', '\u007f'];

test('header and log injection by account names: control characters are refused', async (t) => {
  const { container, manager } = await startService();
  for (const each of lineBreaks) {
    const account = `alice${each}Set-Cookie: sid=evil`;
    t.is(await refusalOf(() => manager.createSession(account)), 'INVALID_ARGUMENT', JSON.stringify(each));
  }
  await container.unbindAllAsync();
});

test('log injection by error messages: a quoted value is short and on one line', async (t) => {
  const { container, manager } = await startService();
  for (const each of lineBreaks.filter((text) => text !== '\u0085' && text !== '\u007f')) {
    const error = await t.throwsAsync(manager.createSession(`${each}${'x'.repeat(10_000)}`));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT'));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it searches for
    t.notRegex(error?.message ?? '', /[\u0000-\u001f]/);
    t.true((error?.message.length ?? 0) < 300);
  }
  await container.unbindAllAsync();
});

onEachAdapter('header injection by user agents: they are kept as text, and shown as JSON', {}, async (t, kit) => {
  const userAgent = `evil\r\nSet-Cookie: a=b\u0000\ud800${'x'.repeat(10_000)}`;
  const session = await kit.manager.createSession('alice', { userAgent });
  const response = await kit.request('/sessions', { token: session.token });
  t.is(response.status, 200);
  t.false(response.headers.has('set-cookie'));
  const [entry] = JSON.parse(response.body).sessions;
  t.is(entry.userAgent.length, 512);
  t.true(entry.userAgent.isWellFormed());
});

onEachAdapter('request splitting: line breaks in a request reach no response header', {}, async (t, kit) => {
  const { token } = await kit.logIn();
  for (const query of ['after=a%0d%0aSet-Cookie:%20x=y', 'reader=a%0d%0ax', 'wait=1%0d%0a']) {
    const response = await kit.request(`/poll?${query}`, { token });
    t.is(response.status, 400);
    t.false(response.headers.has('set-cookie'));
    t.is(problemIn(response).code, 'INVALID_ARGUMENT');
  }
});

onEachAdapter('markup in messages: it arrives as JSON that no browser renders', {}, async (t, kit) => {
  const session = await kit.logIn();
  const data = '</script><script>alert(1)</script>\u2028\u2029';
  await kit.manager.push(session.id, data);
  const response = await kit.request('/poll?after=', { token: session.token });
  t.regex(response.headers.get('content-type') ?? '', /^application\/json/);
  t.is(JSON.parse(response.body).messages[0].data, data);
});

test('path traversal by app names and readers: a name is never used as a path', async (t) => {
  const { container, manager } = await startService({}, memoryStore());
  for (const app of ['../x', 'a/b', '', 'a'.repeat(65), '__proto__ ', 'a:b', '{x}', 'é']) {
    t.throws(() => manager.inApp(app), { code: 'INVALID_ARGUMENT' }, app);
  }
  const odd = manager.inApp('__proto__');
  const { id } = await odd.createSession('alice');
  t.is((await odd.sessionsOfAccount('alice'))[0]?.id, id);
  t.is(await refusalOf(() => manager.getSession(id)), 'SESSION_UNKNOWN', 'apps are separate');
  t.is(await refusalOf(() => manager.push(id, 1)), 'SESSION_UNKNOWN');
  t.is(await refusalOf(() => manager.poll(id, { wait: 0 })), 'SESSION_UNKNOWN');
  t.false(await manager.closeSession(id));
  await container.unbindAllAsync();
});
