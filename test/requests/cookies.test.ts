import test from 'ava';
import { cookieValues, isTokenText, sessionCookieName, tokenInCookies } from '../../src/requests/cookies.js';

test('the cookie of a secure server has the prefix __Host-', (t) => {
  t.is(sessionCookieName(true), '__Host-sid');
  t.is(sessionCookieName(false), 'sid');
});

test('all values of a cookie are given in order, and those of similar names are not', (t) => {
  const header = 'sid=a; xsid=b; sid2=c; Sid=d;sid=e;  sid=f=g ; sid; =sid; __Host-sid=h';
  t.deepEqual([...cookieValues(header, 'sid')], ['a', 'e', 'f=g']);
  t.deepEqual([...cookieValues(header, '__Host-sid')], ['h']);
  t.deepEqual([...cookieValues(undefined, 'sid')], []);
});

test('the first value that has the form of a token counts', (t) => {
  t.is(tokenInCookies('sid=; sid=a.b; sid="ab"; sid=%61; sid=first; sid=second', 'sid'), 'first');
  t.is(tokenInCookies('sid=a b', 'sid'), undefined);
});

test('only letters and digits have the form of a token', (t) => {
  t.true(isTokenText('aZ09'));
  for (const value of ['', ' a', 'a ', 'a\n', 'a-b', 'é', '\u0000', 1, undefined, ['a']]) t.false(isTokenText(value));
});
