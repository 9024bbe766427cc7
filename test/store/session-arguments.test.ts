import test from 'ava';
import { closeReasons } from '../../src/index.js';
import {
  requireAccountId,
  requireApp,
  requireAttributeKey,
  requireCloseReason,
  requireIp,
  requirePageCursor,
  requireSessionId,
  requireUserAgent,
} from '../../src/store/session-arguments.js';
import { type ArgumentRule, controlCharacters, noText, testArgumentRule } from '../support/argument-rule.js';

const table: readonly ArgumentRule[] = [
  {
    name: 'accountId',
    check: requireAccountId,
    accepts: ['a', 'x'.repeat(256), 'ä@b', '😀', ' '],
    refuses: ['', 'x'.repeat(257), 'a\ud800', ...controlCharacters, ...noText],
  },
  {
    name: 'app',
    check: requireApp,
    accepts: ['a', 'A-z_0', 'x'.repeat(64)],
    refuses: ['', 'a b', 'a.b', 'ä', 'a\n', 'x'.repeat(65), ...noText],
  },
  {
    name: 'session id',
    check: requireSessionId,
    accepts: ['x'.repeat(24), '0123456789ABCDEFGHIJabcd'],
    refuses: ['', 'x'.repeat(23), 'x'.repeat(25), `${'x'.repeat(23)}-`, `${'x'.repeat(24)}\n`, ...noText],
    code: 'SESSION_UNKNOWN',
  },
  {
    name: 'attribute key',
    check: requireAttributeKey,
    accepts: ['a', 'toString', 'x'.repeat(128), 'ä b.c'],
    refuses: ['', 'x'.repeat(129), '__proto__', 'constructor', 'prototype', 'a\udc00', ...controlCharacters, ...noText],
  },
  {
    name: 'ip',
    check: requireIp,
    accepts: ['', '192.0.2.1', '2001:db8::1%eth0'],
    refuses: ['x'.repeat(65), '\ud800', ...controlCharacters, ...noText],
  },
  {
    name: 'close reason',
    check: requireCloseReason,
    accepts: Object.keys(closeReasons).filter((reason) => !['rotated', 'shutdown'].includes(reason)),
    refuses: ['', 'other', 'rotated', 'shutdown', 'toString', '__proto__', ...noText],
  },
  {
    name: 'page cursor',
    check: requirePageCursor,
    accepts: ['0', 'a:b.c-d_e', 'x'.repeat(128)],
    refuses: ['', 'a b', 'ä', '0\n', 'x'.repeat(129), ...noText],
  },
];

for (const rule of table) testArgumentRule(test, rule);

test('a user agent can be any text: it is cut, and lone surrogates are replaced', (t) => {
  t.is(requireUserAgent(''), '');
  t.is(requireUserAgent('a\nb'), 'a\nb');
  t.is(requireUserAgent('x'.repeat(1_000)).length, 512);
  t.is(requireUserAgent('a\ud800'), 'a\ufffd');
  for (const value of noText) t.throws(() => requireUserAgent(value), { code: 'INVALID_ARGUMENT' });
});

test('a token in the place of an id is refused as a mistake of the caller, and is not quoted', (t) => {
  const token = 'x'.repeat(64);
  const error = t.throws(() => requireSessionId(token), { code: 'INVALID_ARGUMENT' });
  t.regex(String(error), /must be the id of a session, and a token was given/);
  t.false(String(error).includes(token));
});
