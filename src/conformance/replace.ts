import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, isClosed, isUnknown, offsetsOf, outgoing, valuesOf } from './trial.js';

export function replaceRules(rule: DeclareRule, unit: number): void {
  rule('replace moves the attributes that the new session does not have', async (start) => {
    const trial = await start();
    const old = await trial.login('alice', { attributes: { theme: '"dark"', cart: '[1]' } });
    const { id } = await trial.login('alice', { attributes: { theme: '"light"', lang: '"en"' } });
    const { record } = await trial.store.replace(app, id, old.id);
    assert.deepEqual({ ...record.attributes }, { theme: '"light"', cart: '[1]', lang: '"en"' });
    assert.equal(Object.getPrototypeOf(record.attributes), null);
    assert.deepEqual(await trial.store.get(app, id), record);
    const { attributes } = await trial.store.patch(app, id, { cart: null });
    assert.deepEqual({ ...attributes }, { theme: '"light"', lang: '"en"' });
  });

  rule('replace closes the old session as replaced, with no message undelivered', async (start) => {
    const trial = await start();
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(old.id, 'a', 'b');
    const { closed } = await trial.store.replace(app, id, old.id);
    assert.deepEqual(closed, { app, id: old.id, accountId: 'alice', reason: 'replaced', undelivered: 0 });
    await isClosed('replaced', trial.store.authenticate(app, old.id, old.secretHash));
    assert.deepEqual(
      (await trial.store.listAccount(app, 'alice')).map((record) => record.id),
      [id],
    );
  });

  rule(
    'replace puts the undelivered messages ahead of those of the new session, in a new epoch, with their times',
    async (start) => {
      const trial = await start();
      const [old, { id }] = [await trial.login(), await trial.login()];
      await trial.push(id, 'own 1');
      await trial.pass(1);
      await trial.push(old.id, 'had', 'old 1', 'old 2');
      await trial.pass(1);
      await trial.push(id, 'own 2');
      const before = await trial.read(id);
      const { epoch } = await trial.read(old.id);
      const oldBatch = await trial.read(old.id, { after: { epoch, offset: 1 } });
      const { record } = await trial.store.replace(app, id, old.id);
      assert.equal(record.undelivered, 4);
      const batch = await trial.read(id);
      assert.deepEqual(valuesOf(batch), ['old 1', 'old 2', 'own 1', 'own 2']);
      assert.deepEqual(
        batch.messages.map(({ at }) => at),
        [...oldBatch.messages, ...before.messages].map(({ at }) => at),
      );
      assert.ok(batch.epoch !== before.epoch && batch.epoch !== epoch);
      const offsets = offsetsOf(batch);
      assert.deepEqual(
        offsets,
        offsets.toSorted((one, other) => one - other),
      );
    },
  );

  rule('after replace cursors of both former epochs get all messages, with reset', async (start) => {
    const trial = await start();
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(id, 'own');
    await trial.push(old.id, 'old');
    const cursors = [await trial.read(id), await trial.read(old.id)];
    await trial.store.replace(app, id, old.id);
    for (const { epoch, offset } of cursors) {
      const batch = await trial.read(id, { after: { epoch, offset } });
      assert.deepEqual([valuesOf(batch), batch.reset], [['old', 'own'], true]);
    }
  });

  rule('replace of a session without messages keeps the epoch of the new session', async (start) => {
    const trial = await start();
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id, { limit: 1 });
    await trial.store.replace(app, id, old.id);
    const batch = await trial.read(id, { after: { epoch, offset: 1 } });
    assert.deepEqual([valuesOf(batch), batch.reset, batch.lost], [['b'], false, 0]);
  });

  rule('replace moves messages into a mailbox that was never read', async (start) => {
    const trial = await start();
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(old.id, 'old');
    await trial.store.replace(app, id, old.id);
    await trial.push(id, 'new');
    const batch = await trial.read(id, { after: undefined });
    assert.deepEqual([valuesOf(batch), batch.lost], [['old', 'new'], 0]);
  });

  rule('replace drops the oldest messages when not all fit, under every onOverflow, and counts them', async (start) => {
    for (const onOverflow of ['drop-oldest', 'drop-newest', 'reject', 'close'] as const) {
      const trial = await start({ msgMaxLength: 4, onOverflow });
      const [old, { id }] = [await trial.login(), await trial.login()];
      await trial.push(old.id, 'old 1', 'old 2', 'old 3');
      await trial.push(id, 'own 1', 'own 2');
      const { closed, record } = await trial.store.replace(app, id, old.id);
      assert.deepEqual([closed.undelivered, record.undelivered], [1, 4], onOverflow);
      assert.deepEqual(valuesOf(await trial.read(id)), ['old 2', 'old 3', 'own 1', 'own 2'], onOverflow);
    }
  });

  rule('replace keeps to mailboxMaxBytes', async (start) => {
    const trial = await start({ msgMaxBytes: 12, mailboxMaxBytes: 24 });
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(old.id, 'x'.repeat(8), 'y'.repeat(10));
    await trial.push(id, 'z'.repeat(10));
    const { closed } = await trial.store.replace(app, id, old.id);
    assert.equal(closed.undelivered, 1);
    assert.deepEqual(valuesOf(await trial.read(id)), ['y'.repeat(10), 'z'.repeat(10)]);
  });

  rule('replace lets a message of the new session replace one of the old session with its key', async (start) => {
    const trial = await start();
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.store.append(app, old.id, outgoing('old', 'k'));
    await trial.push(old.id, 'plain');
    await trial.store.append(app, id, outgoing('own', 'k'));
    const { closed } = await trial.store.replace(app, id, old.id);
    assert.equal(closed.undelivered, 0);
    const batch = await trial.read(id);
    assert.deepEqual([valuesOf(batch), batch.lost], [['plain', 'own'], 0]);
    await trial.store.append(app, id, outgoing('newest', 'k'));
    assert.deepEqual(valuesOf(await trial.read(id)), ['plain', 'newest']);
  });

  rule('replace drops messages past messageTtl, and moved messages keep their age', async (start) => {
    const trial = await start({ messageTtl: 4 * unit });
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(id, 'own aged');
    await trial.push(old.id, 'old aged');
    await trial.pass(2);
    await trial.push(id, 'own');
    await trial.pass(1);
    await trial.push(old.id, 'old');
    await trial.pass(1);
    const { record, closed } = await trial.store.replace(app, id, old.id);
    assert.deepEqual([record.undelivered, closed.undelivered], [2, 0]);
    assert.deepEqual(valuesOf(await trial.read(id)), ['old', 'own']);
    await trial.pass(2);
    assert.deepEqual(valuesOf(await trial.read(id)), ['old'], 'a younger message ahead does not keep an older one');
    await trial.pass(1);
    assert.deepEqual(valuesOf(await trial.read(id)), []);
  });

  rule('replace notifies the parked readers of the new session of a change', async (start) => {
    const trial = await start();
    const [old, { id }] = [await trial.login(), await trial.login()];
    await trial.push(old.id, 'old');
    const { epoch, offset } = await trial.park(id);
    await trial.store.replace(app, id, old.id);
    await trial.notice('changed', id);
    const batch = await trial.read(id, { after: { epoch, offset }, wait: 1_000 * unit });
    assert.deepEqual([valuesOf(batch), batch.reset, batch.parked], [['old'], true, false]);
  });

  rule('replace changes nothing when either session is not live', async (start) => {
    const trial = await start();
    const alive = await trial.login('alice', { attributes: { a: '1' } });
    const dead = await trial.login('alice', { attributes: { b: '2' } });
    await trial.push(alive.id, 'mine');
    await trial.store.end(app, dead.id, 'logout');
    const before = await trial.store.get(app, alive.id);
    const { epoch } = await trial.read(alive.id);
    await isClosed('logout', trial.store.replace(app, alive.id, dead.id));
    await isClosed('logout', trial.store.replace(app, dead.id, alive.id));
    await isUnknown(trial.store.replace(app, alive.id, 'A'.repeat(24)));
    await isUnknown(trial.store.replace(app, 'A'.repeat(24), alive.id));
    assert.deepEqual({ ...(await trial.store.get(app, alive.id)) }, { ...before });
    assert.equal((await trial.read(alive.id)).epoch, epoch);
    await isClosed('logout', trial.store.get(app, dead.id));
  });

  rule('of many concurrent replacements of one session, exactly one moves its messages', async (start) => {
    const trial = await start();
    const old = await trial.login();
    await trial.push(old.id, 'a', 'b');
    const takers = await Promise.all(Array.from({ length: 10 }, () => trial.login()));
    const results = await Promise.allSettled(takers.map(({ id }) => trial.store.replace(app, id, old.id)));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    const counts = await Promise.all(takers.map(async ({ id }) => (await trial.store.get(app, id)).undelivered));
    assert.deepEqual(counts.toSorted(), [0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
  });

  rule('replace works across accounts', async (start) => {
    const trial = await start();
    const [guest, alice] = [await trial.login('guest'), await trial.login('alice')];
    await trial.push(guest.id, 'cart saved');
    const { closed, record } = await trial.store.replace(app, alice.id, guest.id);
    assert.deepEqual([closed.accountId, record.accountId, record.undelivered], ['guest', 'alice', 1]);
    assert.deepEqual(await trial.store.listAccount(app, 'guest'), []);
  });
}
