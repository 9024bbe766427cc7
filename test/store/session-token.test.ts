import { createHash } from 'node:crypto';
import test from 'ava';
import { newEpoch } from '../../src/mailbox/epoch.js';
import {
  hashOfNoSecret,
  hashSecret,
  idLength,
  isSessionId,
  newId,
  newSecret,
  parseToken,
} from '../../src/store/session-token.js';
import fc from '../support/fast-check.js';

const alphanumerics = fc.constantFrom(...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz');

test('a token is an id of 24 and a secret of 40 alphanumerics', (t) => {
  for (let round = 0; round < 200; round += 1) {
    const [id, secret] = [newId(''), newSecret()];
    t.regex(id, /^[0-9A-Za-z]{24}$/);
    t.regex(secret, /^[0-9A-Za-z]{40}$/);
    t.deepEqual(parseToken(id + secret), { id, secret });
  }
});

test('no two generated ids, secrets or epochs are the same', (t) => {
  const draws = 10_000;
  t.is(new Set(Array.from({ length: draws }, () => newId(''))).size, draws);
  t.is(new Set(Array.from({ length: draws }, () => newSecret())).size, draws);
  t.true(new Set(Array.from({ length: draws }, () => newEpoch())).size > draws - 5);
});

test('every alphanumeric is generated about equally often', (t) => {
  const counts = new Map<string, number>();
  const text = Array.from({ length: 2_000 }, () => newSecret()).join('');
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  t.is(counts.size, 62);
  const expected = text.length / 62;
  // Six standard deviations: a modulo bias exceeds this, chance does not.
  for (const count of counts.values()) t.true(Math.abs(count - expected) < 6 * Math.sqrt(expected));
});

test('an id begins with the requested prefix and still has 24 characters', (t) => {
  for (const prefix of ['', '0', 'ab', 'A1b2C3d4']) {
    const id = newId(prefix);
    t.true(id.startsWith(prefix));
    t.is(id.length, idLength);
    t.true(isSessionId(id));
  }
});

test('an epoch is a word that a cursor can contain', (t) => {
  for (let round = 0; round < 200; round += 1) t.regex(newEpoch(), /^[0-9a-z]{6}$/);
});

test('any text of 64 alphanumerics is parsed into its two halves', (t) => {
  const tokens = fc.array(alphanumerics, { minLength: 64, maxLength: 64 }).map((all) => all.join(''));
  fc.assert(
    fc.property(tokens, (token) => {
      const parts = parseToken(token);
      t.is(parts === undefined ? undefined : parts.id + parts.secret, token);
      t.is(parts?.id.length, 24);
    }),
  );
});

test('any other value is not a token, and does not make the parser throw', (t) => {
  const good = newId('') + newSecret();
  const wrong = [
    '',
    good.slice(1),
    `${good}a`,
    ` ${good}`,
    `${good}\n`,
    `${good.slice(0, 63)}é`,
    `${good.slice(0, 63)}-`,
  ];
  for (const token of [...wrong, undefined, null, 64, {}, [good], { toString: () => good }, new String(good)]) {
    t.is(parseToken(token), undefined);
  }
  fc.assert(
    fc.property(fc.anything(), (value) => {
      t.is(parseToken(value), undefined);
    }),
  );
});

test('only letters and digits of ASCII are allowed in an id or a token', (t) => {
  for (let code = 0; code < 0x300; code += 1) {
    const character = String.fromCharCode(code);
    const isAllowed = /^[0-9A-Za-z]$/.test(character);
    t.is(isSessionId('x'.repeat(12) + character + 'x'.repeat(11)), isAllowed, `id with U+${code.toString(16)}`);
    t.is(parseToken('x'.repeat(63) + character) !== undefined, isAllowed, `token with U+${code.toString(16)}`);
  }
});

test('an id is distinguished from any other value', (t) => {
  t.true(isSessionId('A'.repeat(24)));
  for (const value of ['', 'A'.repeat(23), 'A'.repeat(25), `${'A'.repeat(23)}\n`, `${'A'.repeat(23)}_`, 24, null]) {
    t.false(isSessionId(value));
  }
});

test('the hash of a secret is its SHA-256 in base64url', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: alphanumerics }), (secret) => {
      t.is(hashSecret(secret), createHash('sha256').update(secret).digest('base64url'));
      t.regex(hashSecret(secret), /^[0-9A-Za-z_-]{43}$/);
    }),
  );
});

test('each session without a token has another hash, in the form of a secret’s', (t) => {
  const hashes = Array.from({ length: 100 }, hashOfNoSecret);
  t.is(new Set(hashes).size, hashes.length);
  for (const hash of hashes) t.regex(hash, /^[0-9A-Za-z_-]{43}$/);
  t.regex(hashSecret(newSecret()), /^[0-9A-Za-z_-]{43}$/);
});
