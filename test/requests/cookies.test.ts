import test from 'ava';
import { cookieValues, isTokenText, sessionCookieName, tokensInCookies } from '../../src/requests/cookies.js';

test('the cookie of a secure server has the prefix __Host-', (t) => {
  t.is(sessionCookieName(true), '__Host-sid');
  t.is(sessionCookieName(false), 'sid');
});

test('all values of a cookie are returned in order, without those of similar names', (t) => {
  const header = 'sid=a; xsid=b; sid2=c; Sid=d;sid=e;  sid=f=g ; sid; =sid; __Host-sid=h';
  t.deepEqual([...cookieValues(header, 'sid')], ['a', 'e', 'f=g']);
  t.deepEqual([...cookieValues(header, '__Host-sid')], ['h']);
  t.deepEqual([...cookieValues(undefined, 'sid')], []);
});

test('only space and tab around a name are ignored: any other character makes it another name', (t) => {
  t.deepEqual([...cookieValues(' \t sid=a\t ;\t sid=b', 'sid')], ['a', 'b']);
  for (const other of ['\xa0', '\v', '\f', '\r', '\n', '\ufeff', '\u2028', '\u3000']) {
    const header = `${other}__Host-sid=a; ${other}__Host-sid=b; \t${other}__Host-sid=c`;
    t.deepEqual([...cookieValues(header, '__Host-sid')], [], encodeURIComponent(other));
    t.deepEqual([...cookieValues(`sid=a${other}`, 'sid')], [`a${other}`], encodeURIComponent(other));
  }
});

test('a header with many spaces between two characters takes little time', (t) => {
  const header = `a${' \t'.repeat(100_000)}b; sid=c`;
  const start = performance.now();
  t.deepEqual([...cookieValues(header, 'sid')], ['c']);
  const took = performance.now() - start;
  t.true(took < 2_000, `${took} ms`);
});

test('values that can’t be a token are skipped, and each token is returned once', (t) => {
  const [one, two] = ['1'.repeat(64), '2'.repeat(64)];
  const foreign = ['', 'a.b', `"${one}"`, '%61', 'short', '1'.repeat(63), '1'.repeat(65), `${'1'.repeat(63)}-`];
  const pairs = [...foreign, two, one, two].map((value) => `sid=${value}`);
  t.deepEqual(tokensInCookies(pairs.join('; '), 'sid'), [two, one]);
  t.deepEqual(tokensInCookies('sid=short', 'sid'), []);
  t.deepEqual(tokensInCookies(undefined, 'sid'), []);
});

test('only letters and digits have the form of a token', (t) => {
  t.true(isTokenText('aZ09'));
  for (const value of ['', ' a', 'a ', 'a\n', 'a-b', 'é', '\u0000', 1, undefined, ['a']]) t.false(isTokenText(value));
});
