import test from 'ava';
import { closedNotice, isCloseReason } from '../../src/errors/close-reason.js';
import { closeReasons } from '../../src/index.js';

test('the table has exactly the documented reasons', (t) => {
  const reasons = ['expired', 'max-age', 'evicted', 'revoked', 'logout', 'replaced', 'overflow', 'rotated', 'shutdown'];
  t.deepEqual(Object.keys(closeReasons).toSorted(), reasons.toSorted());
});

test('a client is asked to reconnect only if the session is still live', (t) => {
  const inviting = Object.entries(closeReasons).filter(([, { reconnect }]) => reconnect);
  t.deepEqual(
    inviting.map(([code]) => code),
    ['rotated', 'shutdown'],
  );
});

test('every reason has a different WebSocket code, in the range of applications or 1012 (service restart)', (t) => {
  const codes = Object.values(closeReasons).map(({ webSocketCode }) => webSocketCode);
  t.is(new Set(codes).size, codes.length);
  for (const code of codes) t.true(code === 1012 || (code >= 4000 && code <= 4999));
});

test('every sentence is a single sentence', (t) => {
  for (const { sentence } of Object.values(closeReasons)) t.regex(sentence, /^[A-Z][^.]+\.$/);
});

test('a notice has code, sentence and whether to reconnect', (t) => {
  t.deepEqual(closedNotice('shutdown'), {
    code: 'shutdown',
    reason: closeReasons.shutdown.sentence,
    reconnect: true,
  });
});

test('only the keys of the table are close reasons', (t) => {
  for (const reason of Object.keys(closeReasons)) t.true(isCloseReason(reason));
  for (const value of ['', 'toString', '__proto__', 'Expired', null, undefined, 5, ['expired']]) {
    t.false(isCloseReason(value));
  }
});
