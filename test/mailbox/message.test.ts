import test from 'ava';
import fc from 'fast-check';
import { SessionError } from '../../src/errors/session-error.js';
import { Message, serialiseMessage } from '../../src/mailbox/message.js';

const most = 65_536;

test('a message is its JSON, and its bytes are counted in UTF-8', (t) => {
  t.deepEqual(serialiseMessage({ text: 'é 👩' }, undefined, most), {
    json: '{"text":"é 👩"}',
    bytes: Buffer.byteLength('{"text":"é 👩"}'),
    key: undefined,
  });
  t.is(serialiseMessage('é', 'k', most).bytes, 4);
});

test('any JSON value comes back as it was pushed, with its exact length', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const { json, bytes, key } = serialiseMessage(value, undefined, 10_000_000);
      const message = new Message(1, 0, { json, bytes, key });
      t.is(JSON.stringify(message.data), JSON.stringify(value));
      t.is(bytes, new TextEncoder().encode(json).length);
    }),
  );
});

test('a message of msgMaxBytes is taken, and one byte more is too large', (t) => {
  t.is(serialiseMessage('x'.repeat(8), undefined, 10).bytes, 10);
  const error = t.throws(() => serialiseMessage('x'.repeat(9), undefined, 10));
  t.true(SessionError.is(error, 'MESSAGE_TOO_LARGE'));
  t.deepEqual(SessionError.is(error, 'MESSAGE_TOO_LARGE') && error.details, { bytes: 11, msgMaxBytes: 10 });
  t.regex(error?.message ?? '', /msgMaxBytes \(10\).*11/);
});

test('bytes bound a message, not characters', (t) => {
  t.notThrows(() => serialiseMessage('é'.repeat(4), undefined, 10));
  t.throws(() => serialiseMessage('é'.repeat(5), undefined, 10));
});

test('what is not JSON is refused by name', (t) => {
  for (const data of [undefined, () => {}, Symbol('x'), 1n, Number.NaN, '\ud800']) {
    const error = t.throws(() => serialiseMessage(data, undefined, most));
    t.is(SessionError.is(error, 'INVALID_ARGUMENT') ? error.details.argument : undefined, 'data');
  }
});

test('a key is a string of 1 to 128 characters without control characters', (t) => {
  for (const key of ['k', '__proto__', 'constructor', 'x'.repeat(128), 'é 👩 "quoted"']) {
    t.is(serialiseMessage(1, key, most).key, key);
  }
  for (const key of ['', 'x'.repeat(129), 'a\nb', '\u0000', '\u009f', '\ud800', 7, null, {}, ['k']]) {
    const error = t.throws(() => serialiseMessage(1, key, most));
    t.is(SessionError.is(error, 'INVALID_ARGUMENT') ? error.details.argument : undefined, 'key');
  }
});

test('each reading of the data is a value of its own', (t) => {
  const message = new Message(3, 7, serialiseMessage({ list: [1] }, undefined, most));
  t.deepEqual(message.data, { list: [1] });
  t.not(message.data, message.data);
});

test('a message shows place, time and data in JSON, and not its key', (t) => {
  const message = new Message(13, 1_763_649_000_000, serialiseMessage({ text: 'hi' }, 'k', most));
  t.is(JSON.stringify(message), '{"offset":13,"at":1763649000000,"data":{"text":"hi"}}');
});
