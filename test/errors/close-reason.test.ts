import test from 'ava';
import { closedNotice, isCloseReason } from '../../src/errors/close-reason.js';
import { closeReasons } from '../../src/index.js';

test('the table has every reason of the design and no other', (t) => {
  const reasons = ['expired', 'max-age', 'evicted', 'revoked', 'logout', 'replaced', 'overflow', 'shutdown'];
  t.deepEqual(Object.keys(closeReasons).toSorted(), reasons.toSorted());
});

test('shutdown is the only reason to come back', (t) => {
  const inviting = Object.entries(closeReasons).filter(([, { reconnect }]) => reconnect);
  t.deepEqual(
    inviting.map(([code]) => code),
    ['shutdown'],
  );
});

test('every reason has a WebSocket code of its own, in the range of applications or "service restart"', (t) => {
  const codes = Object.values(closeReasons).map(({ webSocketCode }) => webSocketCode);
  t.is(new Set(codes).size, codes.length);
  for (const code of codes) t.true(code === 1012 || (code >= 4000 && code <= 4999));
});

test('every sentence is one sentence', (t) => {
  for (const { sentence } of Object.values(closeReasons)) t.regex(sentence, /^[A-Z][^.]+\.$/);
});

test('a notice tells code, sentence and whether to come back', (t) => {
  t.deepEqual(closedNotice('shutdown'), {
    code: 'shutdown',
    reason: closeReasons.shutdown.sentence,
    reconnect: true,
  });
});

test('only what is in the table is a close reason', (t) => {
  for (const reason of Object.keys(closeReasons)) t.true(isCloseReason(reason));
  for (const value of ['', 'toString', '__proto__', 'Expired', null, undefined, 5, ['expired']]) {
    t.false(isCloseReason(value));
  }
});
