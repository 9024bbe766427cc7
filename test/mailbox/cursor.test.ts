import test from 'ava';
import { SessionError } from '../../src/index.js';
import { formatCursor, parseCursor } from '../../src/mailbox/cursor.js';
import fc from '../support/fast-check.js';

test('a formatted cursor is parsed to the same epoch, offset and proof', (t) => {
  const epochs = fc.stringMatching(/^[0-9a-z]{1,16}$/);
  const whole = fc.nat({ max: 999_999_999_999_999 });
  fc.assert(
    fc.property(epochs, whole, whole, (epoch, offset, proof) => {
      t.deepEqual(parseCursor(formatCursor(epoch, offset, proof)), { epoch, offset, proof });
    }),
  );
});

test('cursors that are formatted alternately each have their own proof', (t) => {
  const proofs = [0, 7, 0, 1_795_966_520_163, 1_795_966_520_164, 1_795_966_520_164, 7];
  t.deepEqual(
    proofs.map((proof) => parseCursor(formatCursor('abc', 1, proof)).proof),
    proofs,
  );
});

test('the largest offset that is accepted is exact', (t) => {
  t.is(parseCursor('a.999999999999999').offset, 999_999_999_999_999);
  t.true(Number.isSafeInteger(parseCursor('a.999999999999999').offset));
});

test('a cursor without a proof is parsed, with a proof that no message has', (t) => {
  t.deepEqual(parseCursor('abc.7'), { epoch: 'abc', offset: 7, proof: -1 });
});

const malformed: readonly unknown[] = [
  ...[
    '',
    '.',
    'abc',
    'abc.',
    '.1',
    'abc.-1',
    'abc.1.',
    'abc.1.-1',
    'abc.1.A',
    'abc.1.1.1',
    'abc.1.12345678901',
    'abc.1e3',
    'abc.0x1',
    'abc. 1',
    ' abc.1',
    'abc.1\n',
    'ABC.1',
  ],
  ...['ä.1', `${'a'.repeat(17)}.1`, 'a.1000000000000000', 'abc.١', null, undefined, 5, {}, ['abc.1']],
];

test('a malformed cursor is refused with INVALID_ARGUMENT for after', (t) => {
  for (const text of malformed) {
    const error = t.throws(() => parseCursor(text), undefined, String(text));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT') && error.details.argument === 'after', String(text));
  }
});

const grammar = /^([0-9a-z]{1,16})\.([0-9]{1,15})(?:\.([0-9a-z]{1,10}))?$/;
const character = fc.constantFrom(...'..00119az');
const nearly = fc.string({
  unit: fc.oneof({ arbitrary: character, weight: 9 }, fc.constantFrom(...'-A /:{`\n')),
  maxLength: 30,
});

test('exactly the texts of the grammar are parsed, as the numbers that they represent', (t) => {
  fc.assert(
    fc.property(nearly, (text) => {
      const [, epoch, offset, proof] = grammar.exec(text) ?? [];
      if (epoch === undefined) t.throws(() => parseCursor(text), undefined, text);
      else t.deepEqual(parseCursor(text), { epoch, offset: Number(offset), proof: numberOf(proof) }, text);
    }),
    { numRuns: 3_000 },
  );
});

function numberOf(proof: string | undefined): number {
  return proof === undefined ? -1 : Number.parseInt(proof, 36);
}

test('any text is either parsed or refused with INVALID_ARGUMENT', (t) => {
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
