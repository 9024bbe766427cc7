import test from 'ava';
import { SessionError, SessionStore } from '../../src/index.js';
import { bearerTokenOf, Credentials, soleBearer } from '../../src/requests/credentials.js';
import { OriginPolicy, requestHeadOf, sessionFromRequest } from '../../src/requests/index.js';
import { cuttable, cuttableStore } from '../support/http-away-store.js';
import { startService, throwsCode } from '../support/service.js';
import { Sids } from '../websocket/express-cookie.js';

type Headers = Readonly<Record<string, string>>;

function head(headers: Headers) {
  return requestHeadOf({ method: 'GET', headers: { host: 'app.example.com', ...headers } });
}

test('a bearer token is read from any spelling of the scheme', (t) => {
  for (const header of ['Bearer abc09Z', 'bearer abc09Z', 'BEARER   abc09Z  ']) {
    t.is(bearerTokenOf(head({ authorization: header })), 'abc09Z', header);
  }
});

test('any other Authorization header is no credential', (t) => {
  const others = [
    '',
    'Bearer',
    'Bearer ',
    'Bearerabc',
    'Basic abc',
    'abc',
    'Bearer a.b',
    'Bearer a b',
    'Bearer a,b',
    'x Bearer a',
    'Bearer: a',
    'Bearer a\nb',
  ];
  for (const header of others) t.is(bearerTokenOf(head({ authorization: header })), undefined, header);
  t.is(bearerTokenOf(head({})), undefined);
});

const [one, two, three] = ['1'.repeat(64), '2'.repeat(64), '3'.repeat(64)];

test('the token is that of the bearer header, else of the cookie; without both it is SESSION_UNKNOWN', (t) => {
  const credentials = new Credentials('test', { secure: false });
  t.deepEqual(credentials.tokensOf(head({ authorization: 'Bearer one', cookie: `sid=${two}` })), ['one']);
  t.deepEqual(credentials.tokensOf(head({ cookie: `sid=foreign; sid=${two}` })), [two]);
  for (const headers of [{}, { cookie: `__Host-sid=${two}` }, { authorization: 'Basic one' }] as const) {
    const error = t.throws(() => credentials.tokensOf(head(headers)));
    t.true(SessionError.is(error, 'SESSION_UNKNOWN'));
  }
});

test('with secure only the cookie __Host-sid is read, and two such cookies are refused', (t) => {
  const credentials = new Credentials('test', { secure: true });
  const cookies = [`sid=${one}; __Host-sid=${two}`, `\xa0__Host-sid=${one}; __Host-sid=${two}`];
  for (const cookie of [...cookies, `__Host-sid=foreign; __Host-sid=${two}`]) {
    t.deepEqual(credentials.tokensOf(head({ cookie })), [two], cookie);
  }
  for (const cookie of [`sid=${one}; __host-sid=${one}`, `__Host-sid=${one}; __Host-sid=${two}`]) {
    t.true(
      SessionError.is(
        t.throws(() => credentials.tokensOf(head({ cookie }))),
        'SESSION_UNKNOWN',
      ),
      cookie,
    );
  }
});

test('up to four cookies sid are candidates; with more than four there is no candidate', (t) => {
  const credentials = new Credentials('test', { secure: false });
  const tokens = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(64));
  const headOf = (values: readonly string[]) => head({ cookie: values.map((value) => `sid=${value}`).join('; ') });
  t.deepEqual(credentials.tokensOf(headOf(tokens.slice(0, 4))), tokens.slice(0, 4));
  t.true(
    SessionError.is(
      t.throws(() => credentials.tokensOf(headOf(tokens))),
      'SESSION_UNKNOWN',
    ),
  );
});

test('of several tokens the only live one counts; if several are live, none counts', async (t) => {
  const { manager } = await startService(t);
  const [mine, planted] = [await manager.createSession('alice'), await manager.createSession('mallory')];
  const forged = mine.id + '0'.repeat(40);
  for (const tokens of [
    [one, mine.token],
    [mine.token, two, three],
    [forged, mine.token],
  ]) {
    const [first = '', ...others] = tokens;
    const { session, token } = await soleBearer(manager, [first, ...others]);
    t.deepEqual([session.accountId, token], ['alice', mine.token]);
  }
  await throwsCode(t, () => soleBearer(manager, [planted.token, mine.token]), 'SESSION_UNKNOWN');
  await throwsCode(t, () => soleBearer(manager, [one, two]), 'SESSION_UNKNOWN');
  await planted.close();
  t.is((await soleBearer(manager, [planted.token, mine.token])).session.id, mine.id);
  await mine.close();
  await throwsCode(t, () => soleBearer(manager, [mine.token, one]), 'SESSION_CLOSED');
});

test('while the store can’t be reached, none of several tokens counts', async (t) => {
  const { manager, container } = await startService(t, {}, { store: cuttableStore });
  const { token } = await manager.createSession('alice');
  cuttable(container.get(SessionStore)).isAway = true;
  await throwsCode(t, () => soleBearer(manager, [one, token]), 'STORE_UNAVAILABLE');
});

test('a cookie from a page of another site is refused where origins are checked; a bearer token is not', (t) => {
  const credentials = new Credentials('test', { secure: false });
  const origins = new OriginPolicy();
  const evil = { origin: 'https://evil.example' };
  const cookie = `sid=${two}`;
  const error = t.throws(() => credentials.tokensOf(head({ ...evil, cookie }), origins));
  t.true(SessionError.is(error, 'CROSS_SITE'));
  t.deepEqual(credentials.tokensOf(head({ ...evil, cookie })), [two]);
  t.deepEqual(credentials.tokensOf(head({ ...evil, authorization: 'Bearer one', cookie }), origins), ['one']);
});

test('options of express-session are checked, and no secret is quoted', async (t) => {
  const { manager } = await startService(t);
  const store = new Sids();
  const wrong: readonly (readonly [expressSession: unknown, field: string])[] = [
    ['hush', 'expressSession'],
    [{ store: { token: 'hush' }, secret: 'x' }, 'store'],
    [{ secret: 'hush' }, 'store'],
    [{ store }, 'secret'],
    [{ store, secret: '' }, 'secret'],
    [{ store, secret: [] }, 'secret'],
    [{ store, secret: ['hush', ''] }, 'secret'],
    [{ store, secret: { hush: 'hush' } }, 'secret'],
    [{ store, secret: 'x', secrets: 'hush' }, 'secrets'],
    [{ store, secret: 'x', cookieName: 'a b' }, 'cookieName'],
    [{ store, secret: 'x', cookieName: '' }, 'cookieName'],
    [{ store, secret: 'x', cookiePrefix: 1 }, 'cookiePrefix'],
    [{ store, secret: 'x', cookieNam: 'a' }, 'cookieNam'],
  ];
  for (const [expressSession, field] of wrong) {
    const call = () => Reflect.apply(sessionFromRequest, undefined, [head({}), manager, { expressSession }]);
    const error = await throwsCode(t, call, 'INVALID_CONTEXT');
    t.is(error.details.field, field);
    t.regex(error.details.front, /^sessionFromRequest/);
    t.false(error.message.includes('hush'), error.message);
  }
  const misspelt = () => Reflect.apply(sessionFromRequest, undefined, [head({}), manager, { expresSession: 'hush' }]);
  const error = await throwsCode(t, misspelt, 'INVALID_CONTEXT');
  t.regex(error.message, /sessionFromRequest: expresSession is not an option; did you mean expressSession\?/);
  t.false(error.message.includes('hush'));
});
