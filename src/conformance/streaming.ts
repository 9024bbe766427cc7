import assert from 'node:assert/strict';
import { hashSecret, newSecret } from '../store/session-token.js';
import type { DeclareRule } from './rule.js';
import { app, isUnknown, outgoing, type Trial, valuesOf } from './trial.js';

/** Rules of readers that were given more than they have acknowledged: streams. */
export function streamingRules(rule: DeclareRule, unit: number): void {
  /** Opens a stream that was given the messages and is parked behind them. */
  async function stream(trial: Trial, id: string, ...values: readonly unknown[]) {
    await trial.push(id, ...values);
    const { epoch, offset } = await trial.read(id, { reader: 'stream' });
    const after = { epoch, offset };
    const parked = await trial.read(id, { reader: 'stream', after, goesOn: true, wait: 1_000 * unit });
    assert.equal(parked.parked, true);
    return after;
  }

  rule('a read that goes on begins at its cursor, and acknowledges nothing', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    const after = await stream(trial, id, 'a', 'b');
    await trial.push(id, 'c');
    const rest = await trial.read(id, { reader: 'stream', after, goesOn: true });
    assert.deepEqual([valuesOf(rest), rest.lost, rest.reset], [['c'], 0, false]);
    assert.equal((await trial.store.get(app, id)).undelivered, 3);
    await trial.acknowledge(id, 'stream', { ...after, offset: 1 });
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
  });

  rule('a read that goes on for a reader that is not known keeps all messages', async (start) => {
    const trial = await start();
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b');
    const { epoch, offset } = await trial.read(id, { reader: 'other' });
    await trial.read(id, { reader: 'stream', after: { epoch, offset }, goesOn: true });
    await trial.acknowledge(id, 'other', { epoch, offset });
    assert.equal((await trial.store.get(app, id)).undelivered, 2);
  });

  rule('what a stream was given leaves first when room is needed, without an overflow', async (start) => {
    for (const onOverflow of ['drop-oldest', 'drop-newest', 'reject', 'close'] as const) {
      const trial = await start({ msgMaxLength: 3, onOverflow });
      const { id } = await trial.login();
      const { epoch } = await stream(trial, id, 'a', 'b', 'c');
      const outcome = await trial.store.append(app, id, outgoing('d'));
      assert.deepEqual([outcome.verdict, outcome.dropped], ['accepted', 0], onOverflow);
      const again = await trial.read(id, { reader: 'stream', after: { epoch, offset: 0 } });
      assert.deepEqual([valuesOf(again), again.lost, again.reset], [['b', 'c', 'd'], 1, false], onOverflow);
    }
  });

  rule('room is made only by messages that every live reader was given', async (start) => {
    const trial = await start({ msgMaxLength: 3, onOverflow: 'reject' });
    const { id } = await trial.login();
    await trial.push(id, 'a', 'b', 'c');
    const { epoch } = await trial.read(id, { reader: 'slow' });
    await trial.read(id, { reader: 'slow', after: { epoch, offset: 1 } });
    await trial.read(id, { reader: 'stream', after: { epoch, offset: 0 } });
    const after = { epoch, offset: 3 };
    await trial.read(id, { reader: 'stream', after, goesOn: true, wait: 1_000 * unit });
    assert.equal((await trial.store.append(app, id, outgoing('d'))).verdict, 'accepted');
    assert.equal((await trial.store.append(app, id, outgoing('e'))).verdict, 'full');
    const slow = await trial.read(id, { reader: 'slow', after: { epoch, offset: 1 } });
    assert.deepEqual([valuesOf(slow), slow.lost], [['b', 'c', 'd'], 0]);
  });

  rule('a new reader hears of no loss of what streams were given', async (start) => {
    const trial = await start({ msgMaxLength: 2 });
    const { id } = await trial.login();
    await stream(trial, id, 'a', 'b');
    await trial.push(id, 'c');
    const fresh = await trial.read(id, { reader: 'fresh' });
    assert.deepEqual([valuesOf(fresh), fresh.lost], [['b', 'c'], 0]);
  });

  rule('an acknowledgement with a wrong secret is refused and removes nothing', async (start) => {
    const trial = await start();
    const { id, secretHash } = await trial.login();
    const place = trial.cursor(await stream(trial, id, 'a'));
    const wrong = hashSecret(newSecret());
    await isUnknown(trial.store.acknowledgeAsBearer(app, id, wrong, 'stream', place));
    assert.equal((await trial.store.get(app, id)).undelivered, 1);
    await trial.store.acknowledgeAsBearer(app, id, secretHash, 'stream', place);
    assert.equal((await trial.store.get(app, id)).undelivered, 0);
  });

  rule('an acknowledgement is no activity', async (start) => {
    const trial = await start({ gcTime: 10 * unit, pollRenews: false });
    const { id, secretHash } = await trial.login();
    const place = trial.cursor(await stream(trial, id, 'a'));
    await trial.pass(8);
    await trial.store.acknowledgeAsBearer(app, id, secretHash, 'stream', place);
    await trial.pass(4);
    await assert.rejects(trial.store.get(app, id));
  });
}
