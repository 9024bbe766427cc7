import test from 'ava';
import { requireReader } from '../../src/delivery/poll-request.js';
import { closeReasons, SessionError, type SessionErrorCode } from '../../src/index.js';
import { requireMessageKey } from '../../src/mailbox/message.js';
import * as sessionRules from '../../src/store/session-arguments.js';
import { requireWholeNumber } from '../../src/validation/argument-rules.js';

const rules = { ...sessionRules, requireReader, requireMessageKey, requireWholeNumber };

interface Rule {
  readonly name: string;
  readonly check: (value: unknown) => unknown;
  readonly accepts: readonly unknown[];
  readonly refuses: readonly unknown[];
  readonly code?: SessionErrorCode;
}

const noText: readonly unknown[] = [undefined, null, 5, true, {}, [], ['a'], () => {}, Symbol('x'), 5n];
const control = ['\u0000', 'a\nb', '\u007f', '\u0085', '\u009f'];

const table: readonly Rule[] = [
  {
    name: 'accountId',
    check: rules.requireAccountId,
    accepts: ['a', 'x'.repeat(256), 'ä@b', '😀', ' '],
    refuses: ['', 'x'.repeat(257), 'a\ud800', ...control, ...noText],
  },
  {
    name: 'app',
    check: rules.requireApp,
    accepts: ['a', 'A-z_0', 'x'.repeat(64)],
    refuses: ['', 'a b', 'a.b', 'ä', 'a\n', 'x'.repeat(65), ...noText],
  },
  {
    name: 'reader',
    check: rules.requireReader,
    accepts: ['a', 'tab-1.b_2', 'x'.repeat(64)],
    refuses: ['', 'a b', 'ä', 'a/b', 'a\n', 'x'.repeat(65), ...noText],
  },
  {
    name: 'session id',
    check: rules.requireSessionId,
    accepts: ['x'.repeat(24), '0123456789ABCDEFGHIJabcd'],
    refuses: ['', 'x'.repeat(23), 'x'.repeat(25), `${'x'.repeat(23)}-`, `${'x'.repeat(24)}\n`, ...noText],
    code: 'SESSION_UNKNOWN',
  },
  {
    name: 'attribute key',
    check: rules.requireAttributeKey,
    accepts: ['a', 'toString', 'x'.repeat(128), 'ä b.c'],
    refuses: ['', 'x'.repeat(129), '__proto__', 'constructor', 'prototype', 'a\udc00', ...control, ...noText],
  },
  {
    name: 'message key',
    check: rules.requireMessageKey,
    accepts: ['a', '__proto__', 'x'.repeat(128)],
    refuses: ['', 'x'.repeat(129), 'a\udc00', ...control, ...noText],
  },
  {
    name: 'ip',
    check: rules.requireIp,
    accepts: ['', '192.0.2.1', '2001:db8::1%eth0'],
    refuses: ['x'.repeat(65), '\ud800', ...control, ...noText],
  },
  {
    name: 'close reason',
    check: rules.requireCloseReason,
    accepts: Object.keys(closeReasons).filter((reason) => !['rotated', 'shutdown'].includes(reason)),
    refuses: ['', 'other', 'rotated', 'shutdown', 'toString', '__proto__', ...noText],
  },
  {
    name: 'page cursor',
    check: rules.requirePageCursor,
    accepts: ['0', 'a:b.c-d_e', 'x'.repeat(128)],
    refuses: ['', 'a b', 'ä', '0\n', 'x'.repeat(129), ...noText],
  },
  {
    name: 'whole number from 1 to 5',
    check: (value) => rules.requireWholeNumber('count', value, 1, 5),
    accepts: [1, 5],
    refuses: [0, 6, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, '3', undefined, null, {}, 3n],
  },
];

for (const { name, check, accepts, refuses, code = 'INVALID_ARGUMENT' } of table) {
  test(`the rule for ${name} returns what it accepts`, (t) => {
    for (const value of accepts) t.is(check(value), value);
  });

  test(`the rule for ${name} refuses other values as ${code} and quotes them in part`, (t) => {
    for (const value of refuses) {
      const error = t.throws(() => check(value));
      t.true(SessionError.is(error, code), String(error));
      t.true((error?.message.length ?? 0) < 300);
    }
  });
}

test('a user agent can be any text: it is cut, and lone surrogates are replaced', (t) => {
  t.is(rules.requireUserAgent(''), '');
  t.is(rules.requireUserAgent('a\nb'), 'a\nb');
  t.is(rules.requireUserAgent('x'.repeat(1_000)).length, 512);
  t.is(rules.requireUserAgent('a\ud800'), 'a\ufffd');
  for (const value of noText) t.throws(() => rules.requireUserAgent(value), { code: 'INVALID_ARGUMENT' });
});
