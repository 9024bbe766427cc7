import test from 'ava';
import { steadyNow } from '../steady.js';
import { lateness, MailboxHistory, type ToldMessage } from './mailbox-history.js';
import { StoreChanges } from './store-changes.js';

/** A history in which so many messages were sent, and these of them acknowledged. */
function sent(count: number, acknowledged: readonly number[]): MailboxHistory {
  const history = new MailboxHistory('alice');
  history.created(steadyNow());
  for (let number = 1; number <= count; number += 1) history.send();
  for (const number of acknowledged) history.acknowledge(number);
  return history;
}

/** Messages whose offsets are their numbers. */
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

test('what was acknowledged and received in order is no violation, whatever was not acknowledged', (t) => {
  const history = sent(4, [1, 2, 4]);
  take(history, numbered(1, 2, 3));
  take(history, numbered(4));
  t.deepEqual(settled(history), []);
  t.deepEqual([history.acknowledged, history.delivered], [3, 4]);
});

test('a message that was acknowledged and never received is a violation', (t) => {
  const history = sent(3, [1, 2, 3]);
  take(history, numbered(1, 2));
  t.is(settled(history).length, 1);
});

test('it is none when the client was told that so many were lost, and one when it was told of fewer', (t) => {
  const missing = sent(4, [1, 2, 3, 4]);
  take(missing, numbered(1));
  take(missing, numbered(4), 2);
  t.deepEqual(settled(missing), []);
  const more = sent(4, [1, 2, 3, 4]);
  take(more, [{ offset: 1, number: 1 }]);
  take(more, [{ offset: 3, number: 4 }], 1);
  t.is(settled(more).length, 1);
});

test('a reset excuses what was sent before it, and nothing that was sent after it', (t) => {
  const history = sent(2, [1, 2]);
  take(history, [], 0, true);
  t.deepEqual(settled(history), []);
  history.acknowledge(history.send());
  t.is(settled(history).length, 1);
});

test('what was lost before a reset does not excuse what is missing after it', (t) => {
  const history = sent(3, [1, 2, 3]);
  take(history, numbered(1));
  take(history, numbered(3), 1);
  take(history, [], 0, true);
  history.acknowledge(history.send());
  t.is(settled(history).length, 1);
});

test('an offset that was skipped without being told lost is a violation, and so is one told lost that was not skipped', (t) => {
  const hole = sent(3, []);
  take(hole, numbered(1, 3));
  t.is(hole.violations.length, 1);
  const none = sent(2, []);
  take(none, numbered(1));
  take(none, numbered(2), 1);
  t.is(none.violations.length, 1);
});

test('a message received twice is a violation, until a reset gives all again', (t) => {
  const history = sent(2, [1, 2]);
  take(history, numbered(1, 2));
  take(history, numbered(1, 2), 0, true);
  t.deepEqual(settled(history), []);
  take(history, [{ offset: 3, number: 2 }]);
  t.is(history.violations.length, 1);
});

test('an acknowledged message received after a later one is a violation', (t) => {
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

test('a session that is unknown is a violation, unless the store may have forgotten it', (t) => {
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

test('a session that is told closed is a violation, whatever the store forgot: no client closes it', (t) => {
  const history = sent(0, []);
  history.end('SESSION_CLOSED');
  const changes = new StoreChanges();
  changes.wentBack(0, Number.POSITIVE_INFINITY);
  t.is(settled(history, changes).length, 1);
});

test('a poll that is held past its time is a violation', (t) => {
  const history = sent(0, []);
  history.held(2_000, 2_000 + lateness);
  t.deepEqual(settled(history), []);
  history.held(2_000, 2_001 + lateness);
  t.is(settled(history).length, 1);
});

test('the history of a violation says what was acknowledged and received', (t) => {
  const history = sent(2, [1, 2]);
  take(history, numbered(1));
  t.is(settled(history).length, 1);
  t.regex(String(history), /history of alice[\s\S]*acknowledged 2\n.*received 1:1 lost 0[\s\S]*VIOLATION.*: 2/);
});
