import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, renewal } from './trial.js';

export function attributeRules(rule: DeclareRule, unit: number): void {
  rule('patch sets and deletes the given keys in one step, and keeps the others', async (start) => {
    const trial = await start();
    const { id } = await trial.login('alice', { attributes: { a: '1', b: '2', c: '3' } });
    const record = await trial.store.patch(app, id, { a: null, b: '20', d: '4' });
    assert.deepEqual({ ...record.attributes }, { b: '20', c: '3', d: '4' });
    assert.deepEqual(await trial.store.get(app, id), record);
  });

  rule('patch accepts the deletion of an unknown key and of the last attribute', async (start) => {
    const trial = await start();
    const { id } = await trial.login('alice', { attributes: { a: '1' } });
    assert.deepEqual({ ...(await trial.store.patch(app, id, { z: null })).attributes }, { a: '1' });
    assert.deepEqual({ ...(await trial.store.patch(app, id, { a: null })).attributes }, {});
    assert.deepEqual({ ...(await trial.store.get(app, id)).attributes }, {});
  });

  rule('each patch counts one write, and neither renews nor is a contact', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, record } = await trial.login();
    await trial.pass(2);
    await trial.store.patch(app, id, { a: '1', b: '2' });
    const patched = await trial.store.patch(app, id, { a: null });
    assert.deepEqual([patched.writes, patched.reads], [2, 0]);
    assert.deepEqual([patched.lastTime, patched.presence], [record.lastTime, 'away']);
  });

  rule('a patch by the bearer counts one write and no read, renews, and is a contact', async (start) => {
    const trial = await start({ hbGrace: 2 * unit });
    const { id, secretHash, record } = await trial.login('alice', { attributes: { a: '1', b: '2' } });
    await trial.pass(2);
    assert.deepEqual(await trial.judge(), [id]);
    const contact = await trial.store.patchAsBearer(app, id, secretHash, { a: null, c: '3' });
    const { attributes, writes, reads, lastTime, presence } = contact.record;
    assert.deepEqual([{ ...attributes }, writes, reads], [{ b: '2', c: '3' }, 1, 0]);
    assert.ok(lastTime >= record.lastTime + 2 * unit);
    assert.deepEqual([presence, contact.cameOnline], ['online', true]);
    assert.deepEqual(await trial.store.get(app, id), contact.record);
  });

  rule('a patch by the bearer keeps the session alive', async (start) => {
    const trial = await start({ gcTime: 4 * unit });
    const { id, secretHash } = await trial.login();
    for (let round = 0; round < 3; round += 1) {
      await trial.pass(3);
      await trial.store.patchAsBearer(app, id, secretHash, { round: String(round) });
    }
    assert.deepEqual(await trial.sweep(), []);
  });

  rule('concurrent patches of different keys are all kept', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const keys = Array.from({ length: 100 }, (_each, index) => `key-${index}`);
    await Promise.all(keys.map((key, index) => trial.store.patch(app, id, { [key]: String(index) })));
    const { attributes, writes } = await trial.store.get(app, id);
    assert.deepEqual({ ...attributes }, Object.fromEntries(keys.map((key, index) => [key, String(index)])));
    assert.equal(writes, 100);
  });

  rule('of concurrent patches of the same keys, one is kept completely', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const writers = Array.from({ length: 20 }, (_each, index) => String(index));
    await Promise.all(writers.map((text) => trial.store.patch(app, id, { one: text, other: text })));
    const { attributes } = await trial.store.get(app, id);
    assert.equal(attributes.one, attributes.other);
    assert.ok(writers.includes(attributes.one ?? ''));
  });

  rule('any key and any JSON text are returned unchanged', async (start) => {
    const trial = await start();
    const attributes = {
      toString: '"own"',
      hasOwnProperty: 'null',
      'a.b:c {d} \u2028 é 👩‍🚀 %s': '"\u2028\u2029 \\ud83d\\ude00 é 👩‍🚀 \\" \\\\ \\u0000"',
      0: '-0.5e-300',
      empty: '""',
      big: JSON.stringify('x'.repeat(100_000)),
    };
    const { id } = await trial.login('alice', { attributes });
    assert.deepEqual({ ...(await trial.store.get(app, id)).attributes }, attributes);
    await trial.store.patch(app, id, Object.fromEntries(Object.keys(attributes).map((key) => [key, null])));
    assert.deepEqual({ ...(await trial.store.patch(app, id, attributes)).attributes }, attributes);
  });

  const tooLarge = { code: 'INVALID_ARGUMENT', message: /attributes must take at most attributesMaxBytes/ };

  rule(
    'a patch that would exceed attributesMaxBytes, in UTF-8 with the keys, is refused and changes nothing',
    async (start) => {
      const trial = await start({ attributesMaxBytes: 100 });
      const { id, secretHash, record } = await trial.login('alice', { attributes: { é: '1'.repeat(48) } });
      const full = await trial.store.patch(app, id, { b: '☃'.repeat(16), c: '' });
      await assert.rejects(trial.store.patch(app, id, { d: '' }), tooLarge);
      await assert.rejects(trial.store.patchAsBearer(app, id, secretHash, { c: '1' }), tooLarge);
      assert.deepEqual(await trial.store.get(app, id), full);
      assert.deepEqual([full.writes, record.writes], [1, 0]);
      const { attributes } = await trial.store.patch(app, id, { é: null, b: '1'.repeat(98) });
      assert.deepEqual(Object.keys(attributes).toSorted(), ['b', 'c']);
    },
  );

  rule('a session with attributes over attributesMaxBytes is not inserted, and evicts none', async (start) => {
    const trial = await start({ attributesMaxBytes: 10, maxSession: 1, onMaxSession: 'evict-oldest' });
    const { id } = await trial.login('alice', { attributes: { a: '123456789' } });
    const attributes = { a: '1', b: '12345678' };
    await assert.rejects(trial.store.insert(trial.newSession('alice', { attributes })), tooLarge);
    await assert.rejects(trial.store.insertOnce(trial.newSession('alice', { attributes })), tooLarge);
    assert.deepEqual(
      [...(await trial.store.listAccount(app, 'alice'))].map((each) => each.id),
      [id],
    );
  });

  rule('concurrent patches of different keys together never exceed attributesMaxBytes', async (start) => {
    const trial = await start({ attributesMaxBytes: 100 });
    const { id } = await trial.login();
    const patches = Array.from({ length: 30 }, (_each, index) =>
      trial.store.patch(app, id, { [String(index).padStart(2, '0')]: '12345678' }),
    );
    const outcomes = await Promise.allSettled(patches);
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 10);
    assert.equal(Object.keys((await trial.store.get(app, id)).attributes).length, 10);
  });

  rule(
    'replace is refused when both attributes together exceed attributesMaxBytes, and changes nothing',
    async (start) => {
      const trial = await start({ attributesMaxBytes: 20 });
      const old = await trial.login('alice', { attributes: { a: '123456789', b: '123456789' } });
      const { id } = await trial.login('alice', { attributes: { a: '1', c: '123456789' } });
      await assert.rejects(trial.store.replace(app, id, old.id), tooLarge);
      assert.deepEqual({ ...(await trial.store.get(app, id)).attributes }, { a: '1', c: '123456789' });
      assert.deepEqual({ ...(await trial.store.get(app, old.id)).attributes }, { a: '123456789', b: '123456789' });
      await trial.store.patch(app, id, { c: null });
      const { record } = await trial.store.replace(app, id, old.id);
      assert.deepEqual({ ...record.attributes }, { a: '1', b: '123456789' });
    },
  );

  rule('attributes have no prototype, so that a look-up finds only keys that were set', async (start) => {
    const trial = await start();
    const { id, record } = await trial.login('alice', { attributes: Object.assign(Object.create(null), { a: '1' }) });
    const patched = await trial.store.patch(app, id, { b: '2' });
    const { record: touched } = await trial.store.touch(app, id, renewal);
    for (const { attributes } of [record, patched, touched, await trial.store.get(app, id)]) {
      assert.equal(Object.getPrototypeOf(attributes), null);
      assert.equal(attributes.constructor, undefined);
    }
  });
}
