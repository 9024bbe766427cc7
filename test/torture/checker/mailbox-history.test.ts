import test from 'ava';
import { steadyNow } from '../steady.js';
import { lateness, MailboxHistory, type ToldMessage } from './mailbox-history.js';
import { StoreChanges } from './store-changes.js';

/** Returns a history in which `count` messages were sent and those with the given numbers acknowledged. */
function sent(count: number, acknowledged: readonly number[]): MailboxHistory {
  const history = new MailboxHistory('alice');
  history.created(steadyNow());
  for (let number = 1; number <= count; number += 1) history.send();
  for (const number of acknowledged) history.acknowledge(number);
  return history;
}

/** Returns messages whose offsets are their numbers. */
function numbered(...numbers: readonly number[]): readonly ToldMessage[] {
  return numbers.map((number) => ({ offset: number, number }));
}

function take(history: MailboxHistory, messages: readonly ToldMessage[], lost = 0, isReset = false): void {
  history.take({ messages, lost, isReset });
}

function settled(history: MailboxHistory, changes = new StoreChanges()): readonly string[] {
  history.settle(changes);
  return history.violations;
}

test('messages that are received in order are no violation, no matter whether they were acknowledged', (t) => {
  const history = sent(4, [1, 2, 4]);
  take(history, numbered(1, 2, 3));
  take(history, numbered(4));
  t.deepEqual(settled(history), []);
  t.deepEqual([history.acknowledged, history.delivered], [3, 4]);
});

test('an acknowledged message that is never received is a violation', (t) => {
  const history = sent(3, [1, 2, 3]);
  take(history, numbered(1, 2));
  t.is(settled(history).length, 1);
});

test('missing messages are no violation if at least as many are reported lost; if fewer are, it is a violation', (t) => {
  const missing = sent(4, [1, 2, 3, 4]);
  take(missing, numbered(1));
  take(missing, numbered(4), 2);
  t.deepEqual(settled(missing), []);
  const more = sent(4, [1, 2, 3, 4]);
  take(more, [{ offset: 1, number: 1 }]);
  take(more, [{ offset: 3, number: 4 }], 1);
  t.is(settled(more).length, 1);
});

test('a reset excuses missing messages that were sent before it, but none that was sent after it', (t) => {
  const history = sent(2, [1, 2]);
  take(history, [], 0, true);
  t.deepEqual(settled(history), []);
  history.acknowledge(history.send());
  t.is(settled(history).length, 1);
});

test('losses reported before a reset do not excuse messages that are missing after it', (t) => {
  const history = sent(3, [1, 2, 3]);
  take(history, numbered(1));
  take(history, numbered(3), 1);
  take(history, [], 0, true);
  history.acknowledge(history.send());
  t.is(settled(history).length, 1);
});

test('a skipped offset that is not reported lost is a violation, and so is a reported loss without a skipped offset', (t) => {
  const hole = sent(3, []);
  take(hole, numbered(1, 3));
  t.is(hole.violations.length, 1);
  const none = sent(2, []);
  take(none, numbered(1));
  take(none, numbered(2), 1);
  t.is(none.violations.length, 1);
});

test('a message received twice is a violation, except after a reset, which delivers all messages again', (t) => {
  const history = sent(2, [1, 2]);
  take(history, numbered(1, 2));
  take(history, numbered(1, 2), 0, true);
  t.deepEqual(settled(history), []);
  take(history, [{ offset: 3, number: 2 }]);
  t.is(history.violations.length, 1);
});

test('an acknowledged message that is received after a later one is a violation', (t) => {
  const reordered = [
    { offset: 1, number: 2 },
    { offset: 2, number: 1 },
  ];
  const acknowledged = sent(2, [1, 2]);
  take(acknowledged, reordered);
  t.is(settled(acknowledged).length, 1);
  // A push without an answer may be carried out later.
  const unsure = sent(2, [2]);
  take(unsure, reordered);
  t.deepEqual(settled(unsure), []);
});

test('an unknown session is a violation, unless the store may have forgotten it', (t) => {
  const unknown = () => {
    const history = sent(1, [1]);
    history.end('SESSION_UNKNOWN');
    return history;
  };
  t.is(settled(unknown()).length, 1);
  const earlier = new StoreChanges();
  earlier.wentBack(steadyNow() - 2_000, steadyNow() - 1_000);
  t.is(settled(unknown(), earlier).length, 1);
  const later = new StoreChanges();
  later.wentBack(steadyNow() - 1_000, steadyNow() + 1_000);
  t.deepEqual(settled(unknown(), later), []);
  const emptied = new StoreChanges();
  emptied.emptied(steadyNow() + 1_000);
  t.deepEqual(settled(unknown(), emptied), []);
});

test('a session reported as closed is always a violation, because no client closes it', (t) => {
  const history = sent(0, []);
  history.end('SESSION_CLOSED');
  const changes = new StoreChanges();
  changes.wentBack(0, Number.POSITIVE_INFINITY);
  t.is(settled(history, changes).length, 1);
});

test('a poll that is held for too long is a violation', (t) => {
  const history = sent(0, []);
  history.held(2_000, 2_000 + lateness);
  t.deepEqual(settled(history), []);
  history.held(2_000, 2_001 + lateness);
  t.is(settled(history).length, 1);
});

test('the history of a violation contains what was acknowledged and received', (t) => {
  const history = sent(2, [1, 2]);
  take(history, numbered(1));
  t.is(settled(history).length, 1);
  t.regex(String(history), /history of alice[\s\S]*acknowledged 2\n.*received 1:1 lost 0[\s\S]*VIOLATION.*: 2/);
});
