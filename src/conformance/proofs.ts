import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, outgoing, valuesOf } from './trial.js';

/** Rules of the proof in a cursor: which message the client has at its offset. */
export function proofRules(rule: DeclareRule, unit: number): void {
  rule('a cursor whose proof does not fit gets all messages retained, with reset', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch, messages } = await trial.read(id);
    await trial.read(id, { after: { epoch, offset: 1 } });
    // The offsets of the acknowledged message, of a retained message, and of the tail.
    for (const offset of [1, 2, 3]) {
      for (const proof of [(messages[2]?.at ?? 0) + 1, 0, -1]) {
        const batch = await trial.read(id, { after: { epoch, offset, proof }, wait: 1_000 * unit });
        assert.deepEqual([valuesOf(batch), batch.reset, batch.offset], [['b', 'c'], true, 3]);
      }
    }
  });

  rule('a cursor at offset 0 needs no proof', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const { epoch, proof } = await trial.read(id);
    assert.equal(proof, 0);
    await trial.push(id, 'a');
    const batch = await trial.read(id, { after: { epoch, offset: 0, proof: -1 } });
    assert.deepEqual([valuesOf(batch), batch.reset], [['a'], false]);
  });

  rule('a batch proves its cursor with the time of the newest message', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const first = await trial.read(id, { limit: 2 });
    const second = await trial.read(id, { after: first });
    assert.deepEqual([second.offset, second.proof], [3, second.messages[0]?.at]);
    assert.deepEqual([first.offset, first.proof], [2, second.proof]);
    const quiet = await trial.read(id, { after: second });
    assert.deepEqual([quiet.offset, quiet.proof, quiet.reset], [3, second.proof, false]);
  });

  rule('a cursor of a batch that stopped short is proved after more was pushed', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const given = await trial.read(id, { limit: 1 });
    await trial.pass(1);
    await trial.push(id, 'd');
    for (const reader of ['default', 'other']) {
      const batch = await trial.read(id, { reader, after: given });
      assert.deepEqual([valuesOf(batch), batch.lost, batch.reset], [['b', 'c', 'd'], 0, false]);
    }
  });

  rule('a cursor of an earlier batch is proved by the message that was the newest then', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const first = await trial.read(id, { limit: 1 });
    await trial.pass(1);
    await trial.push(id, 'd');
    await trial.read(id, { limit: 2 });
    const again = await trial.read(id, { after: first });
    assert.deepEqual([valuesOf(again), again.lost, again.reset], [['b', 'c', 'd'], 0, false]);
  });

  rule('a cursor whose message was dropped meanwhile gets lost, and no reset', async (start) => {
    const trial = await start({ msgMaxLength: 2 });
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const given = await trial.read(id, { limit: 1 });
    await trial.push(id, 'c', 'd', 'e');
    const batch = await trial.read(id, { after: given });
    assert.deepEqual([valuesOf(batch), batch.lost, batch.reset], [['d', 'e'], 2, false]);
  });

  rule(
    'a cursor that was answered by a notice gets lost, and no reset, when its message was dropped',
    async (start) => {
      const trial = await start({ msgMaxLength: 2 });
      const { id } = await trial.login();
      await trial.push(id, 'a');
      await trial.park(id);
      await trial.push(id, 'b');
      const notice = await trial.notice('appended', id);
      assert.ok(notice.kind === 'appended');
      await trial.push(id, 'c', 'd', 'e');
      const { epoch, message } = notice;
      const batch = await trial.read(id, { after: { epoch, offset: message.offset, proof: message.at } });
      assert.deepEqual([valuesOf(batch), batch.lost, batch.reset], [['d', 'e'], 1, false]);
    },
  );

  rule('a cursor behind a message dropped on arrival is proved', async (start) => {
    const trial = await start({ msgMaxLength: 1, onOverflow: 'drop-newest' });
    const { id } = await trial.login();
    await trial.push(id, 'a');
    await trial.store.append(app, id, outgoing('b'));
    const given = await trial.read(id);
    assert.deepEqual([given.offset, given.lost], [2, 1]);
    const quiet = await trial.read(id, { after: given });
    assert.deepEqual([quiet.messages, quiet.lost, quiet.reset], [[], 0, false]);
    const unproved = await trial.read(id, { after: { ...given, proof: given.proof + 1 } });
    assert.equal(unproved.reset, true);
  });

  rule("a cursor that can't be checked any more gets all messages retained, with reset", async (start) => {
    const trial = await start({ msgMaxLength: 2 });
    const { id } = await trial.login();
    await trial.push(id, 'a');
    const old = await trial.read(id);
    for (const value of ['b', 'c', 'd']) {
      await trial.pass(1);
      await trial.push(id, value);
      await trial.read(id, { after: undefined });
    }
    await trial.read(id, { after: '' });
    const batch = await trial.read(id, { after: old });
    assert.deepEqual([valuesOf(batch), batch.reset, batch.offset], [['c', 'd'], true, 4]);
  });

  rule('an acknowledgement whose proof does not fit moves no reader', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch, offset, proof } = await trial.read(id, { after: undefined });
    for (const wrong of [proof + 1, 0, -1]) await trial.acknowledge(id, 'default', { epoch, offset, proof: wrong });
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
    await trial.acknowledge(id, 'default', { epoch, offset, proof });
    assert.equal((await trial.store.get(app, id)).undelivered, 0);
  });

  rule('a notice of a message holds the proof of the message before it', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    for (const value of ['a', 'b']) {
      const { proof } = await trial.park(id);
      await trial.push(id, value);
      const notice = await trial.notice('appended', id);
      assert.ok(notice.kind === 'appended');
      assert.equal(notice.before, proof);
    }
  });

  rule('an epoch that looks like a word of the store is another epoch', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch, offset, proof } = await trial.read(id, { after: undefined });
    await trial.acknowledge(id, 'default', { epoch, offset, proof });
    for (const word of ['known', 'oldest', 'undefined', '0']) {
      const batch = await trial.read(id, { after: { epoch: word, offset, proof } });
      assert.equal(batch.reset, true, word);
    }
  });
}
