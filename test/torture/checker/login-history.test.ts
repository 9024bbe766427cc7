import test from 'ava';
import { steadyNow } from '../steady.js';
import { LoginHistory } from './login-history.js';
import { StoreChanges } from './store-changes.js';

const token = 'a'.repeat(64);

function settled(history: LoginHistory, changes = new StoreChanges()): readonly string[] {
  history.settle(changes);
  return history.violations;
}

function changedNow(): StoreChanges {
  const changes = new StoreChanges();
  changes.wentBack(steadyNow() - 1_000, steadyNow() + 1_000);
  return changes;
}

test('more live sessions than the limit are a violation, unless the store went back while they were counted', (t) => {
  const counted = (live: number) => {
    const history = new LoginHistory('alice', 3);
    history.counted(live, steadyNow());
    return history;
  };
  t.deepEqual(settled(counted(3)), []);
  t.is(settled(counted(4)).length, 1);
  t.deepEqual(settled(counted(4), changedNow()), []);
});

test('more sessions in a list than the limit are a violation, no matter what the store forgot', (t) => {
  const history = new LoginHistory('alice', 3);
  history.listed(3);
  t.deepEqual(settled(history), []);
  history.listed(4);
  t.is(settled(history, changedNow()).length, 1);
});

for (const how of ['closed the account', 'rotated']) {
  test(`a token that is accepted after it was ${how} is a violation; if the store may have forgotten that, it is only counted`, (t) => {
    const returned = () => {
      const history = new LoginHistory('alice', 3);
      history.login(token);
      history.accepted(token);
      history.end([token], steadyNow(), how);
      history.accepted(token);
      history.accepted(token);
      return history;
    };
    const silent = returned();
    t.is(settled(silent).length, 1);
    t.is(silent.cameBack, 0);
    const told = returned();
    t.deepEqual(settled(told, changedNow()), []);
    t.is(told.cameBack, 1);
  });
}

test('a token that came back and was ended again must not come back once more', (t) => {
  const history = new LoginHistory('alice', 3);
  const before = steadyNow() - 10_000;
  const changes = new StoreChanges();
  changes.wentBack(before, before + 1);
  history.end([token], steadyNow(), 'closed the account');
  history.accepted(token);
  t.is(settled(history, changes).length, 1);
});

test('a history never contains a secret', (t) => {
  const history = new LoginHistory('alice', 3);
  history.login(token);
  history.end([token], steadyNow(), 'rotated');
  history.accepted(token);
  history.settle(new StoreChanges());
  t.false(String(history).includes('a'.repeat(25)));
});
