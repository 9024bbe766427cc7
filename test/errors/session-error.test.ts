import { randomBytes, randomUUID } from 'node:crypto';
import test from 'ava';
import { invalidArgument, quote, sessionClosed, sessionUnknown } from '../../src/errors/session-error.js';
import { SessionError } from '../../src/index.js';

test('an error has a code, details and a cause', (t) => {
  const cause = new Error('socket closed');
  const error = new SessionError('STORE_UNAVAILABLE', 'The store is away', {}, { cause });
  t.true(error instanceof Error);
  t.is(error.name, 'SessionError');
  t.is(error.code, 'STORE_UNAVAILABLE');
  t.is(error.cause, cause);
  t.is(String(error), 'SessionError: The store is away');
  t.false('cause' in new SessionError('STOPPED', 'stopped', {}));
});

test('the error INVALID_ARGUMENT quotes argument, rule and value', (t) => {
  const cause = new TypeError('why');
  const error = invalidArgument('limit', 'must be a whole number from 1 to 5', 'six', cause);
  t.is(error.message, 'limit must be a whole number from 1 to 5; got "six"');
  t.deepEqual(error.details, { argument: 'limit', rule: 'must be a whole number from 1 to 5', value: '"six"' });
  t.is(error.cause, cause);
  t.false('cause' in invalidArgument('limit', 'rule', 1));
});

test('is() recognises an error by its brand, and by its code', (t) => {
  const error = sessionClosed('revoked');
  t.true(SessionError.is(error));
  t.true(SessionError.is(error, 'SESSION_CLOSED'));
  t.false(SessionError.is(error, 'SESSION_UNKNOWN'));
  t.false(SessionError.is(sessionUnknown(), 'SESSION_CLOSED'));
});

test('is() refuses an object without the brand', (t) => {
  const lookalikes = [
    new Error('no'),
    { code: 'SESSION_CLOSED', name: 'SessionError' },
    'SESSION_CLOSED',
    null,
    undefined,
    5,
  ];
  for (const value of lookalikes) t.false(SessionError.is(value));
});

test('is() recognises an error of another copy of the package', async (t) => {
  const copy = new URL(`../../src/errors/session-error.js?copy=${randomUUID()}`, import.meta.url);
  const other: { SessionError: typeof SessionError } = await import(copy.href);
  const error = new other.SessionError('STOPPED', 'stopped', {});
  t.false(error instanceof SessionError);
  t.true(SessionError.is(error, 'STOPPED'));
  t.true(other.SessionError.is(sessionUnknown(), 'SESSION_UNKNOWN'));
});

test('the brand is neither enumerable nor in the JSON of an error', (t) => {
  t.deepEqual(Object.keys(sessionUnknown()).toSorted(), ['code', 'details', 'name', 'status']);
});

test('any value can be quoted, in at most 81 characters', (t) => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const thrower = {
    toJSON() {
      throw new Error('no');
    },
  };
  t.is(quote('a"b'), '"a\\"b"');
  t.is(quote(undefined), 'undefined');
  t.is(quote(5n), '5');
  t.is(quote(Symbol('x')), 'Symbol(x)');
  t.is(quote(cycle), '[object Object]');
  t.is(quote(thrower), '[object Object]');
  t.is(quote(new Map()), '{}');
  t.is(quote(null), 'null');
  t.is(
    quote(() => 1),
    '() => 1',
  );
  t.is(quote('x '.repeat(500)).length, 81);
});

test('a number that JSON can not express is quoted by its name', (t) => {
  t.is(quote(Number.NaN), 'NaN');
  t.is(quote(Number.POSITIVE_INFINITY), 'Infinity');
  t.is(quote(Number.NEGATIVE_INFINITY), '-Infinity');
  t.is(invalidArgument('wait', 'must be a whole number', Number.NaN).message, 'wait must be a whole number; got NaN');
});

test('no part of a token is quoted, no matter where it is in a value', (t) => {
  const token = randomBytes(32).toString('hex');
  const values = [
    token,
    [token],
    { token },
    { [token]: 1 },
    `sid=${token}; Path=/`,
    `s:${token}.signature`,
    `first line\n${token}`,
    `${'-'.repeat(70)}${token}`,
    `${token}${token}`,
    `${'x'.repeat(30)}${token}`,
    new URL(`https://a.example/${token}`),
    `${'x'.repeat(980)} ${token}`,
    `${'x'.repeat(950)}-${token}-${'x'.repeat(50_000_000)}`,
  ];
  for (const value of values) {
    const error = invalidArgument(`attribute ${token}`, 'must be an id', value);
    const text = JSON.stringify([error.message, error.stack, error.details, quote(value)]);
    for (let start = 0; start <= token.length - 12; start += 1) t.false(text.includes(token.slice(start, start + 12)));
  }
  t.is(quote(token), '"[hidden: may be a token]"');
  t.is(quote(token.slice(1)), JSON.stringify(token.slice(1)), 'one letter less is no token');
});

test('no error has a token in its message, even when the caller wrote the message', (t) => {
  const token = randomBytes(32).toString('hex');
  const details = { accountId: 'alice', maxSession: 1 };
  t.is(
    new SessionError('SESSION_LIMIT', `Account ${token} is full`, details).message,
    'Account [hidden: may be a token] is full',
  );
});
