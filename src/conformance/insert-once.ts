import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, isClosed, outgoing, rejectsWith } from './trial.js';

export function insertOnceRules(rule: DeclareRule, unit: number): void {
  rule('insertOnce of an unused id inserts, as insert does', async (start) => {
    const trial = await start();
    const session = trial.newSession('alice', { ip: '::1', attributes: { a: '1' }, ttl: 77 * unit });
    const { record, evicted, inserted } = await trial.store.insertOnce(session);
    assert.deepEqual([evicted, inserted], [[], true]);
    assert.deepEqual(
      [record.accountId, record.ip, record.ttl, { ...record.attributes }],
      ['alice', '::1', 77 * unit, { a: '1' }],
    );
    assert.deepEqual(await trial.store.get(app, session.id), record);
    await trial.store.authenticate(app, session.id, session.secretHash);
  });

  rule('insertOnce of the id of a live session returns that session, and changes nothing', async (start) => {
    const trial = await start({ hbGrace: 3 * unit });
    const first = trial.newSession('alice', { attributes: { a: '1' }, ip: '::1' });
    await trial.store.insertOnce(first);
    await trial.store.append(app, first.id, outgoing('x'));
    await trial.pass(2);
    const before = await trial.store.get(app, first.id);
    const again = trial.newSession('alice', { id: first.id, attributes: { b: '2' }, ip: '::2', ttl: unit });
    assert.deepEqual(await trial.store.insertOnce(again), { record: before, evicted: [], inserted: false });
    assert.deepEqual(await trial.store.get(app, first.id), before);
    await trial.store.authenticate(app, first.id, first.secretHash);
    await rejectsWith('SESSION_UNKNOWN', trial.store.authenticate(app, first.id, again.secretHash));
  });

  for (const onMaxSession of ['reject', 'evict-oldest', 'evict-idle'] as const) {
    rule(`of many concurrent insertOnce of one id, one inserts, under ${onMaxSession}`, async (start) => {
      const trial = await start({ maxSession: 2, onMaxSession });
      const other = await trial.login();
      const { id } = trial.newSession('alice');
      const insertions = await Promise.all(
        Array.from({ length: 50 }, () => trial.store.insertOnce(trial.newSession('alice', { id }))),
      );
      assert.equal(insertions.filter(({ inserted }) => inserted).length, 1);
      const live = await trial.store.listAccount(app, 'alice');
      assert.deepEqual(live.map((record) => record.id).sort(), [other.id, id].sort());
    });
  }

  rule('insertOnce checks the limit only for a session that it inserts', async (start) => {
    const trial = await start({ maxSession: 1 });
    const { id } = await trial.login();
    assert.equal((await trial.store.insertOnce(trial.newSession('alice', { id }))).inserted, false);
    const refused = trial.newSession('alice');
    const details = { accountId: 'alice', maxSession: 1 };
    await rejectsWith('SESSION_LIMIT', trial.store.insertOnce(refused), details);
    await rejectsWith('SESSION_UNKNOWN', trial.store.get(app, refused.id));
  });

  rule('insertOnce evicts by the policy, and its session counts for the limit', async (start) => {
    const trial = await start({ maxSession: 1, onMaxSession: 'evict-oldest' });
    const { id } = await trial.login();
    const session = trial.newSession('alice');
    const { evicted } = await trial.store.insertOnce(session);
    assert.deepEqual(evicted, [{ app, id, accountId: 'alice', reason: 'evicted', undelivered: 0 }]);
    await isClosed('evicted', trial.store.get(app, id));
    assert.equal((await trial.store.insert(trial.newSession('alice'))).evicted[0]?.id, session.id);
  });

  for (const sweeps of [false, true]) {
    const how = sweeps ? 'swept' : 'not swept';
    rule(`insertOnce does not revive an expired session, ${how}`, async (start) => {
      const trial = await start({ gcTime: 2 * unit });
      const { id } = await trial.login();
      await trial.pass(2);
      if (sweeps) await trial.sweep();
      await isClosed('expired', trial.store.insertOnce(trial.newSession('alice', { id })));
      assert.deepEqual(await trial.store.listAccount(app, 'alice'), []);
    });
  }

  rule('an id can be inserted again once its tombstone is forgotten, and counts once', async (start) => {
    const trial = await start({ tombstoneTime: 2 * unit, maxSession: 2 });
    const { id } = await trial.login('alice', { attributes: { old: '1' } });
    await trial.push(id, 'old');
    await trial.store.end(app, id, 'logout');
    await trial.pass(2);
    const { record, inserted } = await trial.store.insertOnce(trial.newSession('alice', { id }));
    assert.deepEqual([inserted, { ...record.attributes }, record.undelivered], [true, {}, 0]);
    assert.deepEqual(await trial.store.listAccount(app, 'alice'), [record]);
    await trial.login();
    await rejectsWith('SESSION_LIMIT', trial.login());
    await trial.store.end(app, id, 'revoked');
    await isClosed('revoked', trial.store.get(app, id));
    await trial.pass(1);
    await trial.sweep();
    await isClosed('revoked', trial.store.insertOnce(trial.newSession('alice', { id })));
  });
}
