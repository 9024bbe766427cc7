import assert from 'node:assert/strict';
import { hashSecret, newSecret } from '../store/session-token.js';
import { passesOver, refused } from './operations.js';
import type { DeclareRule } from './rule.js';
import { app, isClosed, outgoing, renewal, type Trial, type TrialSession, valuesOf } from './trial.js';

export function expiryRules(rule: DeclareRule, unit: number): void {
  for (const [name, operate] of Object.entries(refused)) {
    rule(`${name} accepts a session before its idle deadline and rejects it from then on`, async (start) => {
      const trial = await start({ gcTime: 2 * unit });
      const [early, dead] = [await trial.login(), await trial.login()];
      const live = await trial.login('bob', { ttl: 1_000 * unit });
      await trial.pass(1);
      await operate(trial, early, live);
      await trial.pass(1);
      const other = await trial.login('bob', { ttl: 1_000 * unit });
      await isClosed('expired', operate(trial, dead, other), name);
      await isClosed('expired', trial.store.get(app, dead.id), `get after ${name}`);
      assert.equal((await trial.store.get(app, other.id)).undelivered, 0);
    });
  }

  for (const [name, operate] of Object.entries(passesOver)) {
    rule(`${name} skips a session from its deadline on, and does not revive it`, async (start) => {
      const trial = await start({ gcTime: 2 * unit, hbGrace: 2 * unit });
      const dead = await trial.login();
      await trial.push(dead.id, 'a', 'b');
      const live = await trial.login('bob', { ttl: 1_000 * unit });
      await trial.pass(2);
      await trial.store.touch(app, live.id, renewal);
      await operate(trial, dead);
      await isClosed('expired', trial.store.get(app, dead.id), `get after ${name}`);
      const swept = { app, id: dead.id, accountId: 'alice', reason: 'expired', undelivered: 2 };
      assert.deepEqual(await trial.sweep(), [swept], 'only sweep reports it');
    });
  }

  const renewals: Record<string, (trial: Trial, login: TrialSession) => Promise<unknown>> = {
    authenticate: ({ store }, { id, secretHash }) => store.authenticate(app, id, secretHash),
    touch: ({ store }, { id }) => store.touch(app, id, renewal),
    read: (trial, { id }) => trial.read(id),
  };
  for (const [name, renew] of Object.entries(renewals)) {
    rule(`${name} moves the idle deadline`, async (start) => {
      const trial = await start({ gcTime: 3 * unit });
      const login = await trial.login();
      for (let round = 0; round < 3; round += 1) {
        await trial.pass(2);
        await renew(trial, login);
      }
      await trial.pass(3);
      await isClosed('expired', trial.store.get(app, login.id));
    });
  }

  rule('operations that are not activity do not move the idle deadline', async (start) => {
    const trial = await start({ gcTime: 3 * unit });
    const { store } = trial;
    const { id } = await trial.login();
    const other = await trial.login('bob');
    await trial.pass(2);
    await store.get(app, id);
    await store.patch(app, id, { a: '1' });
    await store.rotate(app, id, hashSecret(newSecret()), false);
    await store.append(app, id, outgoing('x'));
    await store.appendToAccount(app, 'alice', outgoing('y'));
    await store.replace(app, id, other.id);
    await trial.acknowledge(id, 'default', { epoch: 'x', offset: 1 });
    await store.release(app, id, 'default');
    await store.listAccount(app, 'alice');
    await trial.sweep();
    await trial.judge();
    await trial.pass(1);
    await isClosed('expired', store.get(app, id));
  });

  rule('each session has its own ttl and maxAge', async (start) => {
    const trial = await start({ gcTime: 100 * unit, maxAge: 100 * unit });
    const short = await trial.login('alice', { ttl: unit });
    const young = await trial.login('alice', { maxAge: 2 * unit });
    const usual = await trial.login();
    await trial.pass(1);
    await isClosed('expired', trial.store.get(app, short.id));
    await trial.pass(1);
    await isClosed('max-age', trial.store.get(app, young.id));
    await trial.store.get(app, usual.id);
  });

  rule('a session expires with the reason max-age at its absolute deadline, although it is active', async (start) => {
    const trial = await start({ maxAge: 3 * unit });
    const { id, secretHash } = await trial.login();
    for (let round = 0; round < 2; round += 1) {
      await trial.pass(1);
      await trial.store.authenticate(app, id, secretHash);
    }
    await trial.pass(1);
    await isClosed('max-age', trial.store.authenticate(app, id, secretHash));
    assert.deepEqual(await trial.sweep(), [{ app, id, accountId: 'alice', reason: 'max-age', undelivered: 0 }]);
  });

  rule('a maxAge of 0 sets no absolute deadline', async (start) => {
    const trial = await start({ maxAge: 0, gcTime: 2 * unit });
    const { id } = await trial.login();
    for (let round = 0; round < 5; round += 1) {
      await trial.pass(1);
      await trial.store.touch(app, id, renewal);
    }
  });

  rule('the close reason is that of the earlier deadline, although both are past', async (start) => {
    const trial = await start();
    const idle = await trial.login('alice', { ttl: unit, maxAge: 2 * unit });
    const old = await trial.login('alice', { ttl: 2 * unit, maxAge: unit });
    await trial.pass(3);
    await isClosed('expired', trial.store.get(app, idle.id));
    await isClosed('max-age', trial.store.get(app, old.id));
    const swept = await trial.sweep();
    assert.equal(swept.find(({ id }) => id === idle.id)?.reason, 'expired');
    assert.equal(swept.find(({ id }) => id === old.id)?.reason, 'max-age');
  });

  rule('a session does not idle while a reader is parked, and its idle time starts at the release', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const { id, record } = await trial.login();
    await trial.park(id);
    await trial.pass(5);
    const held = await trial.store.get(app, id);
    assert.ok(held.lastTime >= record.lastTime + 5 * unit, 'a parked reader counts as activity');
    assert.equal(await trial.store.countActiveAccounts(app, unit - 1), 1);
    assert.deepEqual(await trial.sweep(), []);
    await trial.store.release(app, id, 'default');
    await trial.pass(1);
    await trial.store.get(app, id);
    await trial.pass(1);
    await isClosed('expired', trial.store.get(app, id));
    assert.equal((await trial.sweep()).length, 1);
  });

  rule('the idle time starts at the append that releases the parked reader', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const { id } = await trial.login();
    await trial.park(id);
    await trial.pass(5);
    await trial.push(id, 'x');
    await trial.pass(1);
    await trial.store.get(app, id);
    await trial.pass(1);
    await isClosed('expired', trial.store.get(app, id));
  });

  rule('the idle time starts when the last of several parked readers is released', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const { id } = await trial.login();
    await trial.park(id, 'one');
    await trial.park(id, 'two');
    await trial.store.release(app, id, 'one');
    await trial.store.release(app, id, 'one');
    await trial.pass(3);
    await trial.store.get(app, id);
    await trial.store.release(app, id, 'two');
    await trial.pass(2);
    await isClosed('expired', trial.store.get(app, id));
  });

  rule('a reader that was parked twice is released by one release', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const { id } = await trial.login();
    await trial.park(id);
    await trial.park(id);
    await trial.store.release(app, id, 'default');
    await trial.pass(2);
    await isClosed('expired', trial.store.get(app, id));
  });

  rule('a touch, an authentication or a patch does not end the parking of a reader', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const [before, { id, secretHash }, behind] = [await trial.login(), await trial.login(), await trial.login()];
    await trial.park(id);
    await trial.store.touch(app, id, renewal);
    await trial.store.authenticate(app, id, secretHash);
    await trial.store.patch(app, id, { a: '1' });
    await trial.pass(4);
    assert.equal((await trial.store.get(app, id)).presence, 'online');
    const swept = await trial.sweep();
    assert.deepEqual(swept.map((each) => each.id).sort(), [before.id, behind.id].sort());
    assert.equal((await trial.store.get(app, id)).presence, 'online');
  });

  rule('without pollRenews reads do not renew, and a parked session idles', async (start) => {
    const trial = await start({ gcTime: 3 * unit, pollRenews: false });
    const { id, record } = await trial.login();
    const parked = await trial.login('bob');
    await trial.park(parked.id);
    await trial.pass(2);
    await trial.read(id);
    assert.equal((await trial.store.get(app, id)).lastTime, record.lastTime);
    assert.equal((await trial.store.get(app, parked.id)).lastTime, parked.record.lastTime);
    await trial.pass(1);
    await isClosed('expired', trial.store.get(app, id));
    await isClosed('expired', trial.store.get(app, parked.id));
    assert.equal((await trial.sweep()).length, 2);
    await trial.notice('closed', parked.id);
  });

  rule('maxAge closes a session with a parked reader, and the listener is notified', async (start) => {
    const trial = await start({ maxAge: 2 * unit });
    const { id } = await trial.login();
    await trial.park(id);
    await trial.pass(2);
    await isClosed('max-age', trial.store.get(app, id));
    await trial.store.release(app, id, 'default');
    await isClosed('max-age', trial.store.get(app, id));
    assert.equal((await trial.sweep()).length, 1);
    assert.deepEqual(await trial.notice('closed', id), { kind: 'closed', app, id, reason: 'max-age' });
  });

  rule('an acknowledgement after the deadline does not change what sweep reports', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch, offset, ...batch } = await trial.read(id, { after: undefined });
    assert.deepEqual(valuesOf(batch), ['a', 'b']);
    await trial.pass(2);
    await trial.acknowledge(id, 'default', { epoch, offset });
    assert.deepEqual(
      (await trial.sweep()).map(({ undelivered }) => undelivered),
      [2],
    );
  });
}
