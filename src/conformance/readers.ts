import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, outgoing, valuesOf } from './trial.js';

/** Rules of several readers, of draining, and of silence. */
export function readerRules(rule: DeclareRule, unit: number): void {
  rule('readers are independent: each receives everything, at its own pace', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const one = await trial.read(id, { reader: 'one' });
    const other = await trial.read(id, { reader: 'other', limit: 1 });
    await trial.push(id, 'c');
    assert.deepEqual(valuesOf(await trial.read(id, { reader: 'one', after: one })), ['c']);
    const rest = await trial.read(id, { reader: 'other', after: other });
    assert.deepEqual([valuesOf(rest), rest.lost], [['b', 'c'], 0]);
  });

  rule('a message stays until the slowest live reader has passed it', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id, { reader: 'slow' });
    await trial.read(id, { reader: 'fast' });
    await trial.read(id, { reader: 'fast', after: { epoch, offset: 3 } });
    assert.equal((await trial.store.get(app, id)).undelivered, 3);
    await trial.read(id, { reader: 'slow', after: { epoch, offset: 1 } });
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
  });

  rule('a drain returns the same messages until they are acknowledged, and then never again', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const first = await trial.read(id, { after: undefined });
    assert.deepEqual(valuesOf(first), ['a', 'b']);
    assert.deepEqual(valuesOf(await trial.read(id, { after: undefined })), ['a', 'b']);
    await trial.push(id, 'c');
    await trial.acknowledge(id, 'default', { epoch: first.epoch, offset: first.offset });
    assert.equal((await trial.store.get(app, id)).undelivered, 1);
    const rest = await trial.read(id, { after: undefined });
    assert.deepEqual([valuesOf(rest), rest.lost, rest.reset], [['c'], 0, false]);
  });

  rule('a drain with a limit continues at the acknowledged position', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const seen: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { epoch, offset, ...batch } = await trial.read(id, { after: undefined, limit: 1 });
      seen.push(...valuesOf(batch));
      await trial.acknowledge(id, 'default', { epoch, offset });
    }
    assert.deepEqual(seen, ['a', 'b', 'c']);
    assert.equal((await trial.store.get(app, id)).undelivered, 0);
  });

  rule('an acknowledgement of another epoch, an unknown reader or beyond the tail has no effect', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id, { after: undefined });
    await trial.acknowledge(id, 'default', { epoch: 'zzzzzzzzzz', offset: 2 });
    await trial.acknowledge(id, 'unknown', { epoch, offset: 2 });
    await trial.acknowledge(id, 'default', { epoch, offset: 3, proof: 1 });
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
    assert.deepEqual(valuesOf(await trial.read(id, { after: undefined })), ['a', 'b']);
  });

  rule('an acknowledgement after a newer one does not move the reader back', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id, { after: undefined });
    await trial.acknowledge(id, 'default', { epoch, offset: 2 });
    await trial.acknowledge(id, 'default', { epoch, offset: 1 });
    const rest = await trial.read(id, { after: undefined });
    assert.deepEqual([valuesOf(rest), rest.lost], [['c'], 0]);
  });

  rule('while no reader is known messages are kept, within the bounds', async (start) => {
    const trial = await start({ msgMaxLength: 3 });
    const { id } = await trial.login();
    await trial.push(id, 1, 2, 3, 4);
    await trial.pass(3);
    const batch = await trial.read(id, { after: undefined });
    assert.deepEqual([valuesOf(batch), batch.lost], [[2, 3, 4], 1]);
  });

  rule('a new reader starts at the oldest message retained, and does not count earlier ones as lost', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id, { reader: 'one' });
    await trial.read(id, { reader: 'one', after: { epoch, offset: 2 } });
    for (const [reader, after] of [
      ['two', ''],
      ['three', undefined],
    ] as const) {
      const batch = await trial.read(id, { reader, after });
      assert.deepEqual([valuesOf(batch), batch.lost, batch.reset], [['c'], 0, false]);
    }
  });

  // The grace is 2 × pollTime + hbGrace = 3 units here.
  const graceful = { pollTime: unit, hbGrace: unit };

  rule(
    'a reader that was silent for exactly 2 × pollTime + hbGrace keeps no message from being removed',
    async (start) => {
      const trial = await start(graceful);
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b');
      const { epoch } = await trial.read(id, { reader: 'silent' });
      await trial.pass(2);
      await trial.read(id, { reader: 'other', after: { epoch, offset: 2 } });
      assert.equal((await trial.store.get(app, id)).undelivered, 2);
      await trial.pass(1);
      await trial.read(id, { reader: 'other', after: { epoch, offset: 2 } });
      assert.equal((await trial.store.get(app, id)).undelivered, 0);
    },
  );

  rule('messages removed while a reader was silent count as lost when it returns', async (start) => {
    const trial = await start(graceful);
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id, { reader: 'silent', after: undefined, limit: 1 });
    await trial.acknowledge(id, 'silent', { epoch, offset: 1 });
    await trial.pass(3);
    await trial.push(id, 'c', 'd');
    await trial.read(id, { reader: 'other' });
    await trial.read(id, { reader: 'other', after: { epoch, offset: 3 } });
    for (const after of [undefined, { epoch, offset: 1 }]) {
      const batch = await trial.read(id, { reader: 'silent', after });
      assert.deepEqual([valuesOf(batch), batch.lost, batch.offset, batch.reset], [['d'], 2, 4, false]);
    }
  });

  rule('while every reader is silent messages are kept', async (start) => {
    const trial = await start(graceful);
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id);
    await trial.pass(4);
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
    const batch = await trial.read(id, { after: { epoch, offset: 0 } });
    assert.deepEqual([valuesOf(batch), batch.lost], [['a', 'b'], 0]);
  });

  rule('a parked reader is not silent, and its silence starts at the release', async (start) => {
    const trial = await start(graceful);
    const { id } = await trial.login();
    const { epoch } = await trial.park(id, 'parked', 1_000 * unit);
    await trial.pass(5);
    await trial.store.release(app, id, 'parked');
    await trial.push(id, 'a');
    await trial.pass(2);
    await trial.read(id, { reader: 'other' });
    await trial.read(id, { reader: 'other', after: { epoch, offset: 1 } });
    assert.equal((await trial.store.get(app, id)).undelivered, 1, 'kept for the reader just released');
    await trial.pass(1);
    await trial.read(id, { reader: 'other', after: { epoch, offset: 1 } });
    assert.equal((await trial.store.get(app, id)).undelivered, 0);
  });

  rule('one reader more than maxReader evicts the one silent for longest', async (start) => {
    const trial = await start({ maxReader: 2 });
    const { id } = await trial.login();
    await trial.push(id, 'a');
    assert.equal((await trial.read(id, { reader: 'one' })).droppedReader, undefined);
    await trial.pass(1);
    assert.equal((await trial.read(id, { reader: 'two' })).droppedReader, undefined);
    await trial.pass(1);
    assert.equal((await trial.read(id, { reader: 'one' })).droppedReader, undefined);
    await trial.pass(1);
    assert.equal((await trial.read(id, { reader: 'three' })).droppedReader, 'two');
    assert.equal((await trial.read(id, { reader: 'three' })).droppedReader, undefined);
  });

  rule('an evicted reader keeps no message from being removed', async (start) => {
    const trial = await start({ maxReader: 1 });
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch } = await trial.read(id, { reader: 'one' });
    await trial.pass(1);
    assert.equal((await trial.read(id, { reader: 'two', after: { epoch, offset: 2 } })).droppedReader, 'one');
    assert.equal((await trial.store.get(app, id)).undelivered, 0);
    assert.equal((await trial.read(id, { reader: 'one', after: { epoch, offset: 0 } })).lost, 2);
  });

  rule(
    'a parked reader is evicted only when all readers are parked, and no longer keeps its session from idling',
    async (start) => {
      const trial = await start({ maxReader: 2, gcTime: 3 * unit });
      const { id } = await trial.login();
      await trial.park(id, 'parked');
      await trial.pass(1);
      await trial.read(id, { reader: 'recent' });
      await trial.pass(1);
      assert.equal((await trial.read(id, { reader: 'third' })).droppedReader, 'recent');
      assert.equal((await trial.park(id, 'third')).droppedReader, undefined);
      await trial.pass(1);
      assert.equal((await trial.read(id, { reader: 'fourth' })).droppedReader, 'parked');
      await trial.store.release(app, id, 'third');
      await trial.pass(3);
      assert.equal((await trial.sweep()).length, 1);
    },
  );

  rule('a message replaced between the positions of two readers is lost to neither', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const { epoch } = await trial.read(id, { reader: 'slow' });
    await trial.store.append(app, id, outgoing('k 1', 'k'));
    await trial.push(id, 'a');
    await trial.read(id, { reader: 'fast' });
    await trial.read(id, { reader: 'fast', after: { epoch, offset: 2 } });
    await trial.store.append(app, id, outgoing('k 2', 'k'));
    const slow = await trial.read(id, { reader: 'slow', after: { epoch, offset: 0 } });
    assert.deepEqual([valuesOf(slow), slow.lost], [['a', 'k 2'], 0]);
    const fast = await trial.read(id, { reader: 'fast', after: { epoch, offset: 2 } });
    assert.deepEqual([valuesOf(fast), fast.lost], [['k 2'], 0]);
  });
}
