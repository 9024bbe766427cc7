import test from 'ava';
import { SessionError } from '../../src/errors/session-error.js';
import { toJsonText } from '../../src/validation/json-value.js';
import fc from '../support/fast-check.js';

function nested(levels: number, innermost: unknown = 1): unknown {
  let value = innermost;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { in: value };
  return value;
}

const cycle: { self?: unknown } = {};
cycle.self = cycle;
const ring: unknown[] = [];
ring.push({ ring: [ring] });

const refused: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  'a function': () => {},
  'a class': class {},
  'a symbol': Symbol('x'),
  'a BigInt': 1n,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
  'a lone high surrogate': '\ud83d',
  'a lone low surrogate': 'x\ude00x',
  'surrogates the wrong way round': '\ude00\ud83d',
  'a lone surrogate in a key': { 'a\ud800': 1 },
  'a function in an object': { a: { b: [() => {}] } },
  'a symbol in an array': [Symbol('x')],
  'a BigInt in an array': [1n],
  'NaN in an object': { a: Number.NaN },
  'undefined in an array': [1, undefined],
  // biome-ignore lint/suspicious/noSparseArray: the hole is what is tested
  'a hole in an array': [1, , 3],
  'a huge array of holes': new Array(1_000_000_000),
  'an object in itself': cycle,
  'an array in itself': ring,
  'nesting over 64 levels': nested(65),
  'nesting that no stack holds': nested(100_000),
  'a getter that throws': {
    get bad() {
      throw new Error('thrown by a getter');
    },
  },
  'a toJSON that throws': {
    toJSON() {
      throw new Error('thrown by toJSON');
    },
  },
  'a toJSON that gives undefined': { toJSON: () => undefined },
  'a toJSON that gives a BigInt': { toJSON: () => 1n },
  'a toJSON that gives a cycle': { toJSON: () => cycle },
  'a proxy that throws': new Proxy(
    {},
    {
      ownKeys() {
        throw new TypeError('thrown by a proxy');
      },
    },
  ),
  'a revoked proxy': revoked(),
  'a BigInt in a box': Object(1n),
};

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

for (const [name, value] of Object.entries(refused)) {
  test(`${name} is refused as INVALID_ARGUMENT, and no other error is thrown`, (t) => {
    const error = t.throws(() => toJsonText('data', value));
    t.true(SessionError.is(error, 'INVALID_ARGUMENT'));
    if (!SessionError.is(error, 'INVALID_ARGUMENT')) return;
    t.is(error.details.argument, 'data');
    t.true(error.message.length < 300, 'however large the value is');
  });
}

test('an exception of a getter or a toJSON is the cause of the error', (t) => {
  const error = t.throws(() => toJsonText('data', refused['a getter that throws']));
  t.is(error?.cause instanceof Error ? error.cause.message : '', 'thrown by a getter');
});

test('64 levels of nesting are accepted', (t) => {
  t.is(toJsonText('data', nested(64)), JSON.stringify(nested(64)));
});

test('an undefined property is omitted', (t) => {
  t.is(toJsonText('data', { a: undefined, b: 1 }), '{"b":1}');
});

test('a Date is kept as its toJSON returns it', (t) => {
  t.is(toJsonText('data', { at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}');
});

test('one object in two places is not a cycle', (t) => {
  const shared = { a: 1 };
  t.is(toJsonText('data', [shared, shared, { shared }]), '[{"a":1},{"a":1},{"shared":{"a":1}}]');
});

test('keys with a meaning in JavaScript are accepted in a value', (t) => {
  const text = '{"__proto__":{"polluted":true},"constructor":1,"toString":2}';
  t.is(toJsonText('data', JSON.parse(text)), text);
  t.is(Object.hasOwn(Object.prototype, 'polluted'), false);
});

test('surrogate pairs, line separators and control characters are kept', (t) => {
  for (const value of ['👩‍🚀', '\u2028\u2029', '\u0000\u001f\u007f', '"\\/', '\ufeff\ufffe']) {
    t.is(JSON.parse(toJsonText('data', value)), value);
  }
});

test('every JSON value is kept', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 20 }), (value) => {
      t.is(toJsonText('data', value), JSON.stringify(value));
    }),
  );
});

test('any value is either refused or has a stable JSON text', (t) => {
  const anything = fc.anything({
    maxDepth: 5,
    withBigInt: true,
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  });
  fc.assert(
    fc.property(anything, (value) => {
      try {
        const text = toJsonText('data', value);
        t.is(JSON.stringify(JSON.parse(text)), text);
      } catch (error) {
        t.true(SessionError.is(error, 'INVALID_ARGUMENT'), String(error));
      }
    }),
    { numRuns: 500 },
  );
});
