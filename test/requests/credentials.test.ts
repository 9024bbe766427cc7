import test from 'ava';
import { SessionError } from '../../src/index.js';
import { bearerTokenOf, Credentials } from '../../src/requests/credentials.js';
import { OriginPolicy, requestHeadOf, sessionFromRequest } from '../../src/requests/index.js';
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

test('the token is that of the bearer header, else of the cookie; without both it is SESSION_UNKNOWN', (t) => {
  const credentials = new Credentials('test', { secure: false });
  t.is(credentials.tokenOf(head({ authorization: 'Bearer one', cookie: 'sid=two' })), 'one');
  t.is(credentials.tokenOf(head({ cookie: 'sid=two' })), 'two');
  for (const headers of [{}, { cookie: '__Host-sid=two' }, { authorization: 'Basic one' }] as const) {
    const error = t.throws(() => credentials.tokenOf(head(headers)));
    t.true(SessionError.is(error, 'SESSION_UNKNOWN'));
  }
});

test('with secure only the cookie __Host-sid is read', (t) => {
  const credentials = new Credentials('test', { secure: true });
  t.is(credentials.tokenOf(head({ cookie: 'sid=planted; __Host-sid=mine' })), 'mine');
  t.throws(() => credentials.tokenOf(head({ cookie: 'sid=planted; __host-sid=planted' })));
});

test('a cookie from a page of another site is refused where origins are checked; a bearer token is not', (t) => {
  const credentials = new Credentials('test', { secure: false });
  const origins = new OriginPolicy();
  const evil = { origin: 'https://evil.example' };
  const error = t.throws(() => credentials.tokenOf(head({ ...evil, cookie: 'sid=two' }), origins));
  t.true(SessionError.is(error, 'CROSS_SITE'));
  t.is(credentials.tokenOf(head({ ...evil, cookie: 'sid=two' })), 'two');
  t.is(credentials.tokenOf(head({ ...evil, authorization: 'Bearer one', cookie: 'sid=two' }), origins), 'one');
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
