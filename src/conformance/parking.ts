import assert from 'node:assert/strict';
import type { DeclareRule } from './rule.js';
import { app, outgoing, valuesOf } from './trial.js';

/** Rules of parked readers and of the notices that wake them. */
export function parkingRules(rule: DeclareRule, unit: number): void {
  rule('a read parks its reader exactly when there is nothing to deliver and it has a wait', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    assert.equal((await trial.read(id, { wait: 0 })).parked, false);
    const parked = await trial.read(id, { wait: 1_000 * unit });
    assert.deepEqual([parked.parked, parked.messages, parked.offset], [true, [], 0]);
    await trial.store.release(app, id, 'default');
    await trial.push(id, 'a');
    assert.equal((await trial.read(id, { wait: 1_000 * unit })).parked, false);
  });

  rule('an append to a parked reader is notified, with epoch and message', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a');
    const { epoch } = await trial.park(id);
    await trial.store.append(app, id, outgoing({ text: 'é \u2028' }, 'k'));
    const notice = await trial.notice('appended', id);
    assert.ok(notice.kind === 'appended');
    assert.deepEqual([notice.app, notice.epoch, notice.message.offset], [app, epoch, 2]);
    assert.equal(notice.message.json, JSON.stringify({ text: 'é \u2028' }));
    const { messages } = await trial.read(id, { after: { epoch, offset: 1 } });
    assert.deepEqual([messages[0]?.at, messages[0]?.json], [notice.message.at, notice.message.json]);
  });

  rule('an append releases all parked readers of the mailbox', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.park(id, 'one');
    const { epoch } = await trial.park(id, 'two');
    await trial.push(id, 'a');
    await trial.notice('appended', id);
    await trial.push(id, 'b');
    const batch = await trial.read(id, { reader: 'two', after: { epoch, offset: 0 } });
    assert.deepEqual(valuesOf(batch), ['a', 'b'], 'the message is retained until the reader acknowledges it');
  });

  rule('appendToAccount and appendToEach notify every mailbox with a parked reader', async (start) => {
    const trial = await start();
    const [one, other] = [await trial.login(), await trial.login()];
    for (const { id } of [one, other]) await trial.park(id);
    await trial.store.appendToAccount(app, 'alice', outgoing('x'));
    for (const { id } of [one, other]) await trial.notice('appended', id);
    for (const { id } of [one, other]) await trial.park(id, 'again');
    await trial.store.appendToEach(app, [one.id, other.id], outgoing('y'));
    for (const { id } of [one, other]) await trial.notice('appended', id);
  });

  rule('a message dropped on arrival is notified as a change, and releases parked readers', async (start) => {
    const trial = await start({ msgMaxLength: 1, onOverflow: 'drop-newest' });
    const { id } = await trial.login();
    const { epoch } = await trial.read(id, { reader: 'slow' });
    await trial.push(id, 'a');
    await trial.read(id);
    const after = { epoch, offset: 1 };
    assert.equal((await trial.read(id, { after, wait: 1_000 * unit })).parked, true);
    await trial.store.append(app, id, outgoing('b'));
    await trial.notice('changed', id);
    const batch = await trial.read(id, { after, wait: 1_000 * unit });
    assert.deepEqual([batch.messages, batch.lost, batch.parked], [[], 1, false]);
  });

  rule('a refused message releases no reader', async (start) => {
    const trial = await start({ msgMaxLength: 1, onOverflow: 'reject', gcTime: 3 * unit });
    const { id } = await trial.login();
    const { epoch } = await trial.read(id, { reader: 'slow' });
    await trial.push(id, 'a');
    await trial.read(id);
    await trial.read(id, { after: { epoch, offset: 1 }, wait: 1_000 * unit });
    assert.equal((await trial.store.append(app, id, outgoing('b'))).verdict, 'full');
    await trial.pass(3);
    assert.equal((await trial.store.get(app, id)).presence, 'online');
    assert.deepEqual(trial.notices, []);
  });

  rule('a reader that was parked by two reads is parked once', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.park(id);
    const { epoch } = await trial.park(id);
    await trial.push(id, 'a');
    await trial.notice('appended', id);
    const batch = await trial.read(id, { after: { epoch, offset: 0 }, wait: 1_000 * unit });
    assert.deepEqual([valuesOf(batch), batch.parked], [['a'], false]);
  });

  rule('a read with something to deliver ends the parking of its reader', async (start) => {
    const trial = await start({ gcTime: 3 * unit });
    const { id } = await trial.login();
    await trial.park(id);
    await trial.read(id, { after: '', wait: 0 });
    await trial.pass(3);
    assert.equal((await trial.sweep()).length, 1);
  });

  rule(
    'of a concurrent append and parking read, the read returns the message or the append is notified',
    async (start) => {
      const trial = await start();
      const { id } = await trial.login();
      for (let offset = 0; offset < 20; offset += 1) {
        const { epoch } = await trial.read(id, { reader: 'probe', after: undefined });
        trial.notices.length = 0;
        const reading = trial.read(id, { after: { epoch, offset }, wait: 1_000 * unit });
        const appending = trial.store.append(app, id, outgoing(offset));
        const [result] = await Promise.all([reading, appending]);
        if (result.parked) await trial.notice('appended', id);
        else assert.deepEqual(valuesOf(result), [offset]);
      }
    },
  );

  rule('every operation that ends a session notifies its parked readers of the reason', async (start) => {
    const trial = await start({ maxSession: 2, onMaxSession: 'evict-oldest', msgMaxLength: 1, onOverflow: 'close' });
    const { store } = trial;
    const parkNew = async (accountId: string, namespace = app) => {
      const { id } = await trial.login(accountId, { app: namespace, maxAge: accountId === 'old' ? unit : 0 });
      const request = {
        reader: 'default',
        after: '',
        limit: 1,
        wait: 1_000 * unit,
        secretHash: undefined,
        generation: undefined,
        ticket: 1,
      } as const;
      assert.equal((await store.read(namespace, id, request)).parked, true);
      return id;
    };
    const flooded = await trial.login('flooded');
    const { epoch } = await trial.read(flooded.id, { reader: 'slow' });
    await trial.push(flooded.id, 'a');
    await trial.read(flooded.id);
    await trial.read(flooded.id, { after: { epoch, offset: 1 }, wait: 1_000 * unit });
    await store.append(app, flooded.id, outgoing('b'));
    const evicted = await parkNew('evicted');
    await trial.login('evicted');
    await trial.login('evicted');
    const ended = await parkNew('ended');
    await store.end(app, ended, 'logout');
    const withAccount = await parkNew('account');
    await store.endAccount(app, 'account', 'revoked', undefined);
    const withApp = await parkNew('anyone', 'other');
    for await (const _chunk of store.endApp('other', 'revoked'));
    const replaced = await parkNew('replaced');
    await store.replace(app, (await trial.login('replaced')).id, replaced);
    const old = await parkNew('old');
    await trial.pass(1);
    await trial.sweep();
    for (const [id, reason, namespace] of [
      [flooded.id, 'overflow', app],
      [evicted, 'evicted', app],
      [ended, 'logout', app],
      [withAccount, 'revoked', app],
      [withApp, 'revoked', 'other'],
      [replaced, 'replaced', app],
      [old, 'max-age', app],
    ] as const) {
      assert.deepEqual(await trial.notice('closed', id), { kind: 'closed', app: namespace, id, reason });
    }
  });

  rule('release of an unknown reader or of one that is not parked has no effect', async (start) => {
    const trial = await start({ gcTime: 2 * unit });
    const { id } = await trial.login();
    await trial.read(id, { reader: 'one' });
    await trial.pass(1);
    await trial.store.release(app, id, 'one');
    await trial.store.release(app, id, 'unknown');
    await trial.pass(1);
    assert.equal((await trial.sweep()).length, 1);
  });
}
