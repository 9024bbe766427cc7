import { sign, unsign } from '@fastify/cookie';
import test from 'ava';
import fc from 'fast-check';
import { sidInCookies } from '../../src/requests/signed-cookie.js';

const secret = fc.string({ minLength: 1, unit: 'binary' });
const name = 'connect.sid';

test('whatever the other package signs is found, by any of the secrets', (t) => {
  const sid = fc.string({ minLength: 1, unit: 'grapheme' });
  fc.assert(
    fc.property(sid, fc.array(secret, { minLength: 1, maxLength: 4 }), fc.nat(), (text, secrets, choice) => {
      const value = sign(text, secrets[choice % secrets.length] ?? '');
      const header = `a=b; ${name}=${encodeURIComponent(`s:${value}`)}; c=d`;
      return sidInCookies(header, name, 's:', secrets) === text;
    }),
  );
  t.pass();
});

test('of anything else, only what the other package would accept is accepted, and nothing throws', (t) => {
  const right = sign('the-sid', 'secret');
  const part = fc.constantFrom(
    's:',
    's%3A',
    'the-sid',
    '.',
    '%',
    '%2',
    '"',
    '=',
    ';',
    ' ',
    right,
    right.slice(8),
    '%2E',
  );
  const garbage = fc
    .array(fc.oneof(part, fc.string({ maxLength: 4 })), { maxLength: 8 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(garbage, (value) => {
      const found = sidInCookies(`${name}=${value}`, name, 's:', ['secret']);
      if (found === undefined) return true;
      return unsign(sign(found, 'secret'), 'secret').valid && value.includes(right.slice(right.indexOf('.') + 1));
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('every secret is tried, and one that is not there proves nothing', (t) => {
  const secrets = ['one', 'two', 'three'];
  for (const each of secrets) {
    const header = `${name}=${encodeURIComponent(`s:${sign('the-sid', each)}`)}`;
    t.is(sidInCookies(header, name, 's:', secrets), 'the-sid');
    const others = secrets.filter((other) => other !== each);
    t.is(sidInCookies(header, name, 's:', others), undefined);
  }
});
