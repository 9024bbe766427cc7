import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, isClosed } from './trial.js';

/** Rules of the effects of a touch in addition to the contact. */
export function renewalRules(rule: DeclareRule, unit: number): void {
  rule('a touch without activity is a contact, and does not renew', async (start) => {
    const trial = await start({ gcTime: 6 * unit, hbGrace: 2 * unit });
    const { id, record } = await trial.login();
    await trial.pass(3);
    assert.deepEqual(await trial.judge(), [id]);
    const contact = await trial.store.touch(app, id, { activity: false, ttl: undefined });
    assert.deepEqual([contact.cameOnline, contact.previousTime], [true, record.lastTime]);
    assert.deepEqual(contact.record, record);
    await trial.pass(3);
    await isClosed('expired', trial.store.get(app, id));
  });

  rule('a touch with a longer ttl moves the idle deadline back', async (start) => {
    const trial = await start({ gcTime: 3 * unit });
    const { id } = await trial.login();
    const { record } = await trial.store.touch(app, id, { activity: true, ttl: 10 * unit });
    assert.equal(record.ttl, 10 * unit);
    await trial.pass(8);
    assert.deepEqual(await trial.sweep(), []);
    assert.equal((await trial.store.get(app, id)).ttl, 10 * unit);
    await trial.pass(2);
    await isClosed('expired', trial.store.get(app, id));
    assert.deepEqual(
      (await trial.sweep()).map((closed) => closed.id),
      [id],
    );
  });

  rule('a touch with a shorter ttl moves the idle deadline forward, also for sweep', async (start) => {
    const trial = await start({ gcTime: 100 * unit });
    const lasting = await trial.login();
    const { id } = await trial.login();
    await trial.pass(1);
    await trial.store.touch(app, id, { activity: true, ttl: 3 * unit });
    await trial.pass(2);
    assert.deepEqual(await trial.sweep(), []);
    await trial.pass(1);
    await isClosed('expired', trial.store.get(app, id));
    assert.deepEqual(
      (await trial.sweep()).map((closed) => closed.id),
      [id],
    );
    assert.equal((await trial.store.get(app, lasting.id)).ttl, 100 * unit);
  });

  rule('a new ttl without activity counts from the last activity', async (start) => {
    const trial = await start({ gcTime: 100 * unit });
    const first = await trial.login();
    await trial.pass(1);
    const second = await trial.login();
    await trial.pass(1);
    // Touch the sessions in another order than that of their activity.
    await trial.store.touch(app, second.id, { activity: false, ttl: 5 * unit });
    await trial.store.touch(app, first.id, { activity: false, ttl: 5 * unit });
    await trial.pass(3);
    assert.deepEqual(
      (await trial.sweep()).map(({ id }) => id),
      [first.id],
    );
    await trial.pass(1);
    assert.deepEqual(
      (await trial.sweep()).map(({ id }) => id),
      [second.id],
    );
  });

  rule('a new ttl that is already over expires the session', async (start) => {
    const trial = await start({ gcTime: 100 * unit });
    const { id } = await trial.login();
    await trial.pass(3);
    await trial.store.touch(app, id, { activity: false, ttl: 2 * unit });
    await isClosed('expired', trial.store.get(app, id));
    assert.deepEqual(
      (await trial.sweep()).map((closed) => closed.id),
      [id],
    );
  });

  rule('a new ttl given while a reader is parked counts from the release', async (start) => {
    const trial = await start({ gcTime: 100 * unit });
    const { id } = await trial.login();
    await trial.park(id);
    await trial.store.touch(app, id, { activity: true, ttl: 3 * unit });
    await trial.pass(5);
    assert.deepEqual(await trial.sweep(), []);
    await trial.store.release(app, id, 'default');
    await trial.pass(2);
    assert.equal((await trial.store.get(app, id)).ttl, 3 * unit);
    await trial.pass(1);
    await isClosed('expired', trial.store.get(app, id));
  });
}
