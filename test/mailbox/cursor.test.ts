import test from 'ava';
import fc from 'fast-check';
import { SessionError } from '../../src/index.js';
import { formatCursor, parseCursor } from '../../src/mailbox/cursor.js';

test('a formatted cursor is parsed to the same epoch and offset', (t) => {
  const epochs = fc.stringMatching(/^[0-9a-z]{1,16}$/);
  fc.assert(
    fc.property(epochs, fc.nat({ max: 999_999_999_999_999 }), (epoch, offset) => {
      t.deepEqual(parseCursor(formatCursor(epoch, offset)), { epoch, offset });
    }),
  );
});

test('the largest offset that is accepted is exact', (t) => {
  t.is(parseCursor('a.999999999999999').offset, 999_999_999_999_999);
  t.true(Number.isSafeInteger(parseCursor('a.999999999999999').offset));
});

const malformed: readonly unknown[] = [
  ...['', '.', 'abc', 'abc.', '.1', 'abc.-1', 'abc.1.1', 'abc.1e3', 'abc.0x1', 'abc. 1', ' abc.1', 'abc.1\n', 'ABC.1'],
  ...['ä.1', `${'a'.repeat(17)}.1`, 'a.1000000000000000', 'abc.١', null, undefined, 5, {}, ['abc.1']],
];

test('a malformed cursor is refused as INVALID_ARGUMENT of after', (t) => {
  for (const text of malformed) {
    const error = t.throws(() => parseCursor(text), undefined, String(text));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT') && error.details.argument === 'after', String(text));
  }
});

test('any text is either parsed or refused as INVALID_ARGUMENT', (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 40 }), (text) => {
      try {
        const { epoch, offset } = parseCursor(text);
        t.true(text.startsWith(`${epoch}.`) && Number.isSafeInteger(offset));
      } catch (error) {
        t.true(SessionError.is(error, 'INVALID_ARGUMENT'));
      }
    }),
  );
});
