import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, isClosed, offsetsOf, outgoing, valuesOf } from './trial.js';

const policies = ['drop-oldest', 'drop-newest', 'reject', 'close'] as const;

export function appendRules(rule: DeclareRule, unit: number): void {
  rule('messages take the offsets 1, 2, 3, … and are returned unchanged', async (start) => {
    const trial = await start();
    const { id, record } = await trial.login();
    const texts = ['{"a":[1,2.50,"é 👩‍🚀 \u2028\u2029 \\ud83d\\ude00 \\u0000"]}', 'null', '""', ' [ 1 ] ', '-0'];
    for (const json of texts) {
      const outcome = await trial.store.append(app, id, { json, bytes: Buffer.byteLength(json), key: undefined });
      assert.deepEqual(outcome, { app, id, accountId: 'alice', verdict: 'accepted', dropped: 0, undelivered: 0 });
    }
    const { messages, epoch, offset, lost, reset } = await trial.read(id);
    assert.deepEqual(
      messages.map(({ json, bytes }) => ({ json, bytes })),
      texts.map((json) => ({ json, bytes: Buffer.byteLength(json) })),
    );
    assert.deepEqual([offsetsOf({ messages }), offset, lost, reset], [[1, 2, 3, 4, 5], 5, 0, false]);
    assert.match(epoch, /^[0-9a-z]{1,16}$/);
    assert.ok(messages.every(({ at }) => Number.isSafeInteger(at) && at >= record.createdAt));
    assert.equal((await trial.store.get(app, id)).undelivered, 5);
  });

  rule('concurrent appends each take a different offset', async (start) => {
    const trial = await start({ msgMaxLength: 100 });
    const { id } = await trial.login();
    await Promise.all(Array.from({ length: 100 }, (_each, value) => trial.store.append(app, id, outgoing(value))));
    const batch = await trial.read(id);
    const all = Array.from({ length: 100 }, (_each, index) => index);
    assert.deepEqual(
      offsetsOf(batch),
      all.map((index) => index + 1),
    );
    assert.deepEqual(
      valuesOf(batch).toSorted((one, other) => Number(one) - Number(other)),
      all,
    );
  });

  const bounds = {
    count: { msgMaxLength: 3 },
    bytes: { msgMaxBytes: 8, mailboxMaxBytes: 9 },
  };
  for (const [name, bound] of Object.entries(bounds)) {
    rule(`drop-oldest makes room for the new message, bounded by ${name}`, async (start) => {
      const trial = await start({ ...bound, onOverflow: 'drop-oldest' });
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b', 'c');
      const outcome = await trial.store.append(app, id, outgoing('d'));
      assert.deepEqual(outcome, { app, id, accountId: 'alice', verdict: 'accepted', dropped: 1, undelivered: 0 });
      const batch = await trial.read(id);
      assert.deepEqual([valuesOf(batch), offsetsOf(batch), batch.lost], [['b', 'c', 'd'], [2, 3, 4], 1]);
    });

    rule(`drop-newest drops the new message, which readers count as lost, bounded by ${name}`, async (start) => {
      const trial = await start({ ...bound, onOverflow: 'drop-newest' });
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b', 'c');
      const outcome = await trial.store.append(app, id, outgoing('d'));
      assert.deepEqual(outcome, { app, id, accountId: 'alice', verdict: 'dropped', dropped: 1, undelivered: 0 });
      const batch = await trial.read(id);
      assert.deepEqual([valuesOf(batch), batch.offset, batch.lost], [['a', 'b', 'c'], 4, 1]);
      await trial.read(id, { after: { epoch: batch.epoch, offset: 4 } });
      await trial.push(id, 'e');
      assert.deepEqual(offsetsOf(await trial.read(id)), [5], 'the dropped message took an offset');
    });

    rule(`reject refuses the new message and changes nothing, bounded by ${name}`, async (start) => {
      const trial = await start({ ...bound, onOverflow: 'reject' });
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b', 'c');
      const before = await trial.store.get(app, id);
      const outcome = await trial.store.append(app, id, outgoing('d'));
      assert.deepEqual(outcome, { app, id, accountId: 'alice', verdict: 'full', dropped: 0, undelivered: 0 });
      assert.deepEqual(await trial.store.get(app, id), before);
      const { epoch, ...batch } = await trial.read(id);
      assert.deepEqual([valuesOf(batch), batch.offset, batch.lost], [['a', 'b', 'c'], 3, 0]);
      await trial.read(id, { after: { epoch, offset: 3 } });
      await trial.push(id, 'e');
      assert.deepEqual(offsetsOf(await trial.read(id)), [4], 'the refused message took no offset');
    });

    rule(`close closes the session as overflow, bounded by ${name}`, async (start) => {
      const trial = await start({ ...bound, onOverflow: 'close' });
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b', 'c');
      const outcome = await trial.store.append(app, id, outgoing('d'));
      assert.deepEqual(outcome, { app, id, accountId: 'alice', verdict: 'close', dropped: 0, undelivered: 3 });
      await isClosed('overflow', trial.store.get(app, id));
    });
  }

  for (const onOverflow of policies) {
    rule(`a mailbox can be filled exactly to its bounds under ${onOverflow}`, async (start) => {
      const trial = await start({ msgMaxLength: 3, msgMaxBytes: 8, mailboxMaxBytes: 15, onOverflow });
      const { id } = await trial.login();
      await trial.push(id, 'xxx', 'yyy', 'zzz');
      assert.equal((await trial.store.get(app, id)).undelivered, 3);
    });

    rule(`messages that all readers have had are removed to make room under ${onOverflow}`, async (start) => {
      const trial = await start({ msgMaxLength: 2, onOverflow });
      const { id } = await trial.login();
      await trial.push(id, 'a', 'b');
      const { epoch } = await trial.read(id, { after: undefined });
      await trial.acknowledge(id, 'default', { epoch, offset: 1 });
      const outcome = await trial.store.append(app, id, outgoing('c'));
      assert.deepEqual([outcome.verdict, outcome.dropped], ['accepted', 0]);
      assert.deepEqual(valuesOf(await trial.read(id, { after: undefined })), ['b', 'c']);
    });

    rule(`a message makes room for a newer one with its key under ${onOverflow}`, async (start) => {
      const trial = await start({ msgMaxLength: 2, onOverflow });
      const { id } = await trial.login();
      await trial.store.append(app, id, outgoing('old', 'k'));
      await trial.push(id, 'b');
      const outcome = await trial.store.append(app, id, outgoing('new', 'k'));
      assert.deepEqual([outcome.verdict, outcome.dropped], ['accepted', 0]);
      const batch = await trial.read(id);
      assert.deepEqual([valuesOf(batch), offsetsOf(batch), batch.lost], [['b', 'new'], [2, 3], 0]);
    });
  }

  rule('a large message drops as many of the oldest messages as it needs', async (start) => {
    const trial = await start({ msgMaxBytes: 10, mailboxMaxBytes: 12 });
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c', 'd');
    assert.equal((await trial.store.append(app, id, outgoing('12345678'))).dropped, 4);
    assert.deepEqual(valuesOf(await trial.read(id)), ['12345678']);
  });

  rule('a keyed message that does not fit does not remove the older message with its key', async (start) => {
    const trial = await start({ msgMaxBytes: 10, mailboxMaxBytes: 12, onOverflow: 'reject' });
    const { id } = await trial.login();
    await trial.store.append(app, id, outgoing('old', 'k'));
    await trial.push(id, 'b');
    assert.equal((await trial.store.append(app, id, outgoing('12345678', 'k'))).verdict, 'full');
    assert.deepEqual(valuesOf(await trial.read(id)), ['old', 'b']);
    assert.equal((await trial.store.append(app, id, outgoing('new', 'k'))).verdict, 'accepted');
    assert.deepEqual(valuesOf(await trial.read(id)), ['b', 'new']);
  });

  rule('a keyed message replaces nothing when making room removed the older message with its key', async (start) => {
    const bounds = {
      msgMaxBytes: 10,
      mailboxMaxBytes: 10,
      onOverflow: 'reject',
      pollTime: unit,
      hbGrace: unit,
    } as const;
    const trial = await start(bounds);
    const { id } = await trial.login();
    await trial.push(id, 'abc');
    await trial.store.append(app, id, outgoing('', 'k'));
    await trial.push(id, 'd');
    const { epoch } = await trial.read(id, { reader: 'silent' });
    await trial.pass(2);
    await trial.read(id, { reader: 'live', after: { epoch, offset: 2 } });
    await trial.pass(1);
    assert.equal((await trial.store.append(app, id, outgoing('efg', 'k'))).verdict, 'accepted');
    assert.deepEqual(valuesOf(await trial.read(id)), ['d', 'efg']);
  });

  rule('a message replaces only an undelivered message with exactly its key', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.store.append(app, id, outgoing('k 1', 'k'));
    await trial.store.append(app, id, outgoing('K 1', 'K'));
    const { epoch } = await trial.read(id, { after: undefined });
    await trial.acknowledge(id, 'default', { epoch, offset: 1 });
    await trial.store.append(app, id, outgoing('k 2', 'k'));
    await trial.store.append(app, id, outgoing('proto', '__proto__'));
    await trial.store.append(app, id, outgoing('K 2', 'K'));
    const batch = await trial.read(id, { after: undefined });
    assert.deepEqual([valuesOf(batch), offsetsOf(batch), batch.lost], [['k 2', 'proto', 'K 2'], [3, 4, 5], 0]);
  });

  rule('messages are dropped exactly at the age of messageTtl, and count as lost', async (start) => {
    const trial = await start({ messageTtl: 3 * unit });
    const { id } = await trial.login();
    await trial.push(id, 'a');
    await trial.pass(2);
    await trial.push(id, 'b');
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
    await trial.pass(1);
    assert.equal((await trial.store.get(app, id)).undelivered, 1);
    const batch = await trial.read(id);
    assert.deepEqual([valuesOf(batch), batch.lost], [['b'], 1]);
    await trial.pass(2);
    const rest = await trial.read(id);
    assert.deepEqual([valuesOf(rest), rest.lost, rest.offset], [[], 2, 2]);
  });

  rule('messages past messageTtl make room, so that onOverflow does not apply', async (start) => {
    const trial = await start({ messageTtl: 2 * unit, msgMaxLength: 1, onOverflow: 'close' });
    const { id } = await trial.login();
    await trial.push(id, 'a');
    await trial.pass(2);
    await trial.push(id, 'b');
    assert.deepEqual(valuesOf(await trial.read(id)), ['b']);
  });

  rule('appendToAccount appends to every live session of the account, each within its own bounds', async (start) => {
    const trial = await start({ msgMaxLength: 2, onOverflow: 'reject', gcTime: 2 * unit });
    await trial.login();
    const [full, empty, other] = [
      await trial.login('alice', { ttl: 100 * unit }),
      await trial.login('alice', { ttl: 100 * unit }),
      await trial.login('bob', { ttl: 100 * unit }),
    ];
    await trial.push(full.id, 'a', 'b');
    await trial.pass(2);
    const outcomes = await trial.store.appendToAccount(app, 'alice', outgoing('all'));
    assert.deepEqual(Object.fromEntries(outcomes.map(({ id, verdict }) => [id, verdict])), {
      [full.id]: 'full',
      [empty.id]: 'accepted',
    });
    assert.equal((await trial.store.get(app, other.id)).undelivered, 0);
  });

  rule('appendToAccount that closes sessions with full mailboxes appends to the others', async (start) => {
    const trial = await start({ msgMaxLength: 1, onOverflow: 'close' });
    const [full, empty, alsoFull] = [await trial.login(), await trial.login(), await trial.login()];
    await trial.push(full.id, 'a');
    await trial.push(alsoFull.id, 'a');
    const outcomes = await trial.store.appendToAccount(app, 'alice', outgoing('all'));
    assert.deepEqual(
      Object.fromEntries(outcomes.map(({ id, verdict, undelivered }) => [id, `${verdict} ${undelivered}`])),
      { [full.id]: 'close 1', [empty.id]: 'accepted 0', [alsoFull.id]: 'close 1' },
    );
    assert.equal((await trial.store.listAccount(app, 'alice')).length, 1);
  });

  rule('appendToEach appends once to each live id and skips the others', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const expired = await trial.login();
    await trial.pass(2);
    const [one, other, closed] = [await trial.login(), await trial.login('bob'), await trial.login()];
    await trial.store.end(app, closed.id, 'logout');
    const ids = [one.id, expired.id, 'A'.repeat(24), closed.id, other.id];
    const outcomes = await trial.store.appendToEach(app, ids, outgoing('x'));
    assert.deepEqual(outcomes.map(({ id }) => id).sort(), [one.id, other.id].sort());
    assert.ok(outcomes.every(({ verdict, dropped }) => verdict === 'accepted' && dropped === 0));
    assert.deepEqual(valuesOf(await trial.read(other.id)), ['x']);
    assert.deepEqual(await trial.store.appendToEach(app, [], outgoing('x')), []);
  });
}
