import test from 'ava';
import { SessionError } from '../../src/errors/session-error.js';
import { Message, requireMessageKey, serialiseMessage } from '../../src/mailbox/message.js';
import { controlCharacters, noText, testArgumentRule } from '../support/argument-rule.js';
import fc from '../support/fast-check.js';

const maxBytes = 65_536;

test('a message has its JSON text, and the length of the text in UTF-8', (t) => {
  t.deepEqual(serialiseMessage({ text: 'é 👩' }, undefined, maxBytes), {
    json: '{"text":"é 👩"}',
    bytes: Buffer.byteLength('{"text":"é 👩"}'),
    key: undefined,
  });
  t.is(serialiseMessage('é', 'k', maxBytes).bytes, 4);
});

test('any JSON value is returned unchanged, with its exact length', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const { json, bytes, key } = serialiseMessage(value, undefined, 10_000_000);
      const message = new Message(1, 0, { json, bytes, key });
      t.is(JSON.stringify(message.data), JSON.stringify(value));
      t.is(bytes, new TextEncoder().encode(json).length);
    }),
  );
});

test('a message of msgMaxBytes is accepted, and one with one byte more is too large', (t) => {
  t.is(serialiseMessage('x'.repeat(8), undefined, 10).bytes, 10);
  const error = t.throws(() => serialiseMessage('x'.repeat(9), undefined, 10));
  t.true(SessionError.is(error, 'MESSAGE_TOO_LARGE'));
  t.deepEqual(SessionError.is(error, 'MESSAGE_TOO_LARGE') && error.details, { bytes: 11, msgMaxBytes: 10 });
  t.regex(error?.message ?? '', /msgMaxBytes \(10\).*11/);
});

test('msgMaxBytes counts bytes, not characters', (t) => {
  t.notThrows(() => serialiseMessage('é'.repeat(4), undefined, 10));
  t.throws(() => serialiseMessage('é'.repeat(5), undefined, 10));
});

test('a value that is not JSON is refused with INVALID_ARGUMENT for data', (t) => {
  for (const data of [undefined, () => {}, Symbol('x'), 1n, Number.NaN, '\ud800']) {
    const error = t.throws(() => serialiseMessage(data, undefined, maxBytes));
    t.is(SessionError.is(error, 'INVALID_ARGUMENT') ? error.details.argument : undefined, 'data');
  }
});

test('a key is a string of 1 to 128 characters without control characters', (t) => {
  for (const key of ['k', '__proto__', 'constructor', 'x'.repeat(128), 'é 👩 "quoted"']) {
    t.is(serialiseMessage(1, key, maxBytes).key, key);
  }
  for (const key of ['', 'x'.repeat(129), 'a\nb', '\u0000', '\u009f', '\ud800', 7, null, {}, ['k']]) {
    const error = t.throws(() => serialiseMessage(1, key, maxBytes));
    t.is(SessionError.is(error, 'INVALID_ARGUMENT') ? error.details.argument : undefined, 'key');
  }
});

test('each call of data returns a new value', (t) => {
  const message = new Message(3, 7, serialiseMessage({ list: [1] }, undefined, maxBytes));
  t.deepEqual(message.data, { list: [1] });
  t.not(message.data, message.data);
});

test('the JSON of a message has offset, time and data, but not the key', (t) => {
  const message = new Message(13, 1_763_649_000_000, serialiseMessage({ text: 'hi' }, 'k', maxBytes));
  t.is(JSON.stringify(message), '{"offset":13,"at":1763649000000,"data":{"text":"hi"}}');
});

testArgumentRule(test, {
  name: 'message key',
  check: requireMessageKey,
  accepts: ['a', '__proto__', 'x'.repeat(128)],
  refuses: ['', 'x'.repeat(129), 'a\udc00', ...controlCharacters, ...noText],
});
