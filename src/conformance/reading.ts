import assert from 'node:assert/strict';
import { hashSecret, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { app, isUnknown, offsetsOf, outgoing, valuesOf } from './trial.js';

export function readingRules(rule: DeclareRule, unit: number): void {
  rule('a read returns the messages after the cursor, oldest first', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c', 'd');
    const { epoch } = await trial.read(id);
    const batch = await trial.read(id, { after: { epoch, offset: 2 } });
    assert.deepEqual([valuesOf(batch), offsetsOf(batch), batch.offset], [['c', 'd'], [3, 4], 4]);
    assert.deepEqual([batch.epoch, batch.lost, batch.reset], [epoch, 0, false]);
    assert.equal(batch.accountId, 'alice');
  });

  rule('reading again with the same cursor returns the same messages', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id);
    for (let round = 0; round < 3; round += 1) {
      const batch = await trial.read(id, { after: { epoch, offset: 1 } });
      assert.deepEqual([valuesOf(batch), batch.lost, batch.offset], [['b'], 0, 2]);
    }
  });

  rule('messages are removed once the cursors of all readers have passed them', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id);
    assert.equal((await trial.store.get(app, id)).undelivered, 3, 'a batch without an acknowledgement removes nothing');
    await trial.read(id, { after: { epoch, offset: 2 } });
    assert.equal((await trial.store.get(app, id)).undelivered, 1);
  });

  rule('a reader that goes back behind removed messages counts them as lost', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id);
    await trial.read(id, { after: { epoch, offset: 2 } });
    const batch = await trial.read(id, { after: { epoch, offset: 0 } });
    assert.deepEqual([valuesOf(batch), batch.lost, batch.offset], [['c'], 2, 3]);
  });

  rule('a read with a limit returns the oldest messages, and the position of the last of them', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c', 'd', 'e');
    const first = await trial.read(id, { limit: 2 });
    assert.deepEqual([valuesOf(first), first.offset], [['a', 'b'], 2]);
    const second = await trial.read(id, { after: first, limit: 2 });
    assert.deepEqual([valuesOf(second), second.offset], [['c', 'd'], 4]);
    const third = await trial.read(id, { after: second, limit: 2 });
    assert.deepEqual([valuesOf(third), third.offset], [['e'], 5]);
  });

  rule('a cursor of another epoch gets all messages retained, with reset', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    for (const offset of [0, 1, 2, 999]) {
      const batch = await trial.read(id, { after: { epoch: 'zzzzzzzzzz', offset } });
      assert.deepEqual([valuesOf(batch), batch.reset, batch.lost, batch.offset], [['a', 'b'], true, 0, 2]);
    }
  });

  rule('a cursor beyond the tail gets all messages retained, with reset', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch, proof } = await trial.read(id);
    const batch = await trial.read(id, { after: { epoch, offset: 3, proof } });
    assert.deepEqual([valuesOf(batch), batch.reset, batch.offset], [['a', 'b'], true, 2]);
    const atTail = await trial.read(id, { after: { epoch, offset: 2 } });
    assert.deepEqual([valuesOf(atTail), atTail.reset], [[], false], 'a cursor at the tail is not beyond it');
  });

  rule('a reset is reported at once although no message is retained', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const batch = await trial.read(id, { after: { epoch: 'zzzzzzzzzz', offset: 7 }, wait: 1_000 * unit });
    assert.deepEqual([batch.messages, batch.reset, batch.parked, batch.offset], [[], true, false, 0]);
  });

  rule('a mailbox keeps its epoch from the first read on, and another mailbox has another one', async (start) => {
    const trial = await start();
    const [one, other] = [await trial.login(), await trial.login()];
    const { epoch } = await trial.read(one.id);
    assert.notEqual((await trial.read(other.id)).epoch, epoch);
    await trial.push(one.id, 'a');
    assert.equal((await trial.read(one.id)).epoch, epoch);
  });

  rule('lost counts exactly the messages beyond the cursor that bounds dropped', async (start) => {
    const trial = await start({ msgMaxLength: 3 });
    const { id } = await trial.login();
    const { epoch } = await trial.read(id);
    await trial.push(id, 1, 2);
    for (const offset of [3, 4, 5]) {
      await trial.push(id, offset);
      await trial.read(id, { reader: `from-${offset}` });
    }
    await trial.push(id, 6, 7);
    for (const [offset, lost] of [
      [0, 4],
      [3, 1],
      [4, 0],
      [5, 0],
    ] as const) {
      const fresh = await trial.read(id, { reader: `from-${offset}`, after: { epoch, offset } });
      assert.deepEqual([fresh.lost, fresh.offset], [lost, 7], `from ${offset}`);
    }
  });

  rule('lost messages are counted once, in the batch that passes them', async (start) => {
    const trial = await start({ msgMaxLength: 3 });
    const { id } = await trial.login();
    await trial.push(id, 1, 2, 3, 4, 5);
    const first = await trial.read(id, { limit: 1 });
    assert.deepEqual([valuesOf(first), first.lost], [[3], 2]);
    const second = await trial.read(id, { after: first, limit: 1 });
    assert.deepEqual([valuesOf(second), second.lost], [[4], 0]);
  });

  rule(
    'lost messages after the last one delivered are counted with it, and keep a reader from being parked',
    async (start) => {
      const trial = await start({ msgMaxLength: 2, onOverflow: 'drop-newest', messageTtl: 2 * unit });
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b');
      for (const value of ['c', 'd']) await trial.store.append(app, id, outgoing(value));
      const batch = await trial.read(id);
      assert.deepEqual([valuesOf(batch), batch.lost, batch.offset], [['a', 'b'], 2, 4]);
      await trial.store.append(app, id, outgoing('e'));
      await trial.pass(2);
      const after = { epoch: batch.epoch, offset: batch.offset };
      const quiet = await trial.read(id, { after, wait: 1_000 * unit });
      assert.deepEqual([quiet.messages, quiet.lost, quiet.parked], [[], 1, false]);
    },
  );

  rule('replaced messages do not count as lost, from any cursor', async (start) => {
    const trial = await start({ maxReader: 20 });
    const { id } = await trial.login();
    for (let each = 1; each <= 6; each += 1) {
      await trial.store.append(app, id, outgoing(`k ${each}`, 'k'));
      const { offset } = await trial.read(id, { reader: `from-${each}` });
      assert.ok(offset >= each);
      if (each % 2 === 0) await trial.push(id, `p ${each}`);
    }
    const { epoch, ...all } = await trial.read(id);
    assert.deepEqual([valuesOf(all), all.lost], [['p 2', 'p 4', 'k 6', 'p 6'], 0]);
    for (const offset of [0, 1, 2, 4, 5, 7, 8, 9]) {
      const { lost, reset } = await trial.read(id, { reader: 'other', after: { epoch, offset } });
      assert.deepEqual([lost, reset], [0, false], `from ${offset}`);
    }
  });

  rule('lost counts the dropped messages and not the replaced ones', async (start) => {
    const trial = await start({ msgMaxLength: 2 });
    const { id } = await trial.login();
    await trial.store.append(app, id, outgoing('k 1', 'k'));
    await trial.push(id, 'a');
    await trial.store.append(app, id, outgoing('k 2', 'k'));
    assert.equal((await trial.store.append(app, id, outgoing('b'))).dropped, 1);
    assert.equal((await trial.store.append(app, id, outgoing('c'))).dropped, 1);
    const batch = await trial.read(id);
    assert.deepEqual([valuesOf(batch), batch.lost], [['b', 'c'], 2]);
  });

  rule('a batch does not change with later operations', async (start) => {
    const trial = await start({ msgMaxLength: 2 });
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const batch = await trial.read(id);
    await trial.push(id, 'c', 'd');
    await trial.store.end(app, id, 'logout');
    assert.deepEqual(valuesOf(batch), ['a', 'b']);
  });

  rule('a read with a wrong secret is refused', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    await trial.push(id, 'a');
    await isUnknown(trial.read(id, { secretHash: hashSecret(newSecret()) }));
    assert.deepEqual(valuesOf(await trial.read(id, { secretHash })), ['a']);
    assert.equal((await trial.store.get(app, id)).reads, 0, 'a poll does not count as a read');
  });

  rule('a read with a wrong secret moves no reader and removes no message', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id, { after: undefined });
    const wrong = { after: { epoch, offset: 2 }, secretHash: hashSecret(newSecret()) };
    await isUnknown(trial.read(id, wrong));
    assert.deepEqual(valuesOf(await trial.read(id, { after: undefined })), ['a', 'b']);
  });
}
