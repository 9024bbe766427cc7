import { sign } from '@fastify/cookie';
import test from 'ava';
import { sidInCookies } from '../../src/requests/signed-cookie.js';
import fc from '../support/fast-check.js';

const name = 'connect.sid';
const anySecret = fc.string({ minLength: 1, unit: 'binary' });
const anySid = fc.string({ minLength: 1, unit: 'grapheme' });

/** Reads the sid from a cookie that has this text after its prefix. */
function read(signed: string, secrets: readonly string[] = ['secret']): string | undefined {
  return sidInCookies(`a=b; ${name}=${encodeURIComponent(`s:${signed}`)}; c=d`, name, 's:', secrets);
}

function signatureOf(sid: string, secret = 'secret'): string {
  return sign(sid, secret).slice(sid.length + 1);
}

test('a sid that @fastify/cookie signed with any of the secrets is read', (t) => {
  fc.assert(
    fc.property(anySid, fc.array(anySecret, { minLength: 1, maxLength: 4 }), fc.nat(), (sid, secrets, choice) => {
      t.is(read(sign(sid, secrets[choice % secrets.length] ?? ''), secrets), sid);
    }),
  );
});

test('the signature of another sid is refused', (t) => {
  fc.assert(
    fc.property(anySid, anySid, (sid, other) => {
      fc.pre(sid !== other);
      t.is(read(`${sid}.${signatureOf(other)}`), undefined);
    }),
  );
});

test('the signature by another secret is refused', (t) => {
  fc.assert(
    fc.property(anySid, anySecret, anySecret, (sid, secret, other) => {
      // HMAC pads keys with zero bytes, so keys that differ in these alone are the same key.
      fc.pre(secret.replace(/\0+$/, '') !== other.replace(/\0+$/, ''));
      t.is(read(sign(sid, secret), [other]), undefined);
    }),
  );
});

test('a signature with one character changed, missing or added is refused', (t) => {
  const signature = signatureOf('the-sid');
  for (let at = 0; at < signature.length; at += 1) {
    const changed = signature[at] === 'A' ? 'B' : 'A';
    t.is(read(`the-sid.${signature.slice(0, at)}${changed}${signature.slice(at + 1)}`), undefined, `changed at ${at}`);
    t.is(read(`the-sid.${signature.slice(0, at)}${signature.slice(at + 1)}`), undefined, `missing at ${at}`);
    t.is(read(`the-sid.${signature.slice(0, at)}A${signature.slice(at)}`), undefined, `added at ${at}`);
  }
  t.is(read(`the-sid.${signature}A`), undefined);
  t.is(read(`the-sid.${signature}=`), undefined);
  t.is(read('the-sid.'), undefined);
  t.is(read('the-sid'), undefined);
  t.is(read(`the-sid.${signature}`), 'the-sid');
});

test('of an arbitrary cookie, a sid is read only if the cookie has the signature of this sid, and nothing throws', (t) => {
  const right = sign('the-sid', 'secret');
  const pieces = [
    's:',
    's%3A',
    'the-sid',
    'other',
    '.',
    '%',
    '%2',
    '%2E',
    '"',
    '=',
    ';',
    ' ',
    right,
    signatureOf('the-sid'),
  ];
  const part = fc.oneof(fc.constantFrom(...pieces), fc.string({ maxLength: 4 }));
  const garbage = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(garbage, (value) => {
      const found = sidInCookies(`${name}=${value}`, name, 's:', ['secret']);
      if (found !== undefined) t.true(value.replaceAll('%2E', '.').includes(`${found}.${signatureOf(found)}`));
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('only the first cookie of the name and form is read', (t) => {
  const cookie = (signed: string) => `${name}=${encodeURIComponent(`s:${signed}`)}`;
  const [one, two, forged] = [sign('one', 'secret'), sign('two', 'secret'), sign('forged', 'other')];
  t.is(sidInCookies(`${cookie(one)}; ${cookie(two)}`, name, 's:', ['secret']), 'one');
  t.is(sidInCookies(`${cookie(forged)}; ${cookie(two)}`, name, 's:', ['secret']), undefined);
  t.is(sidInCookies(`${name}=garbage; ${cookie(two)}`, name, 's:', ['secret']), 'two');
});

test('the prefix and the name must match exactly', (t) => {
  const header = `${name}=${encodeURIComponent(`s:${sign('the-sid', 'secret')}`)}`;
  t.is(sidInCookies(header, name, 's:', ['secret']), 'the-sid');
  t.is(sidInCookies(header, name, 'j:', ['secret']), undefined);
  t.is(sidInCookies(header, name, '', ['secret']), undefined, 'the prefix would be part of the sid');
  for (const other of ['connect.si', 'onnect.sid', 'Connect.sid']) {
    t.is(sidInCookies(header, other, 's:', ['secret']), undefined, other);
  }
});
