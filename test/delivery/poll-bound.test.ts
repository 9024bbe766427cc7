import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import type { Batch, PollOptions } from '../../src/index.js';
import { startService } from '../support/service.js';
import { HeldPoll, hold, startDelayedService } from './held-poll.js';

const context = { maxPoll: 3, maxReader: 3 };

function isTurnedAway({ batches: [batch] }: HeldPoll): boolean {
  return batch?.messages.length === 0 && (batch.retry ?? 0) > 0;
}

test('beyond maxPoll polls, a session gets retry and the cursor that it sent, without a read', async (t) => {
  const service = await startService(t, context);
  const { id, token } = await service.manager.createSession('alice');
  const tail = (await service.manager.poll(id, { after: '', wait: 0 })).cursor;
  const polls = ['a', 'b', 'c'].map((reader) => new HeldPoll(service.manager, token, { after: tail, reader }));
  await settle();
  for (const after of [tail, '', undefined]) {
    const further = new HeldPoll(service.manager, token, { reader: 'd', ...(after !== undefined && { after }) });
    t.true(isTurnedAway(further));
    t.deepEqual([further.batch.cursor, further.acknowledge], [after ?? '', undefined]);
  }
  t.is(service.room.held, 3);
  polls[0]?.hangUp();
  const next = new HeldPoll(service.manager, token, { after: tail, reader: 'd' });
  await settle();
  t.true(next.isHeld);
  const other = await service.manager.createSession('alice');
  t.true((await hold(service, other)).isHeld, 'another session has its own');
});

test('polls that the store has not read yet count, so that most of a burst is not read', async (t) => {
  const service = await startDelayedService(t, context);
  const { token } = await service.manager.createSession('alice');
  service.store.delays = true;
  const polls = Array.from({ length: 10 }, () => new HeldPoll(service.manager, token));
  await settle();
  t.is(service.store.underWay.length, 3);
  t.is(polls.filter(isTurnedAway).length, 7);
});

test('polls with a wrong secret use up no poll of the session, and those that are read are refused', async (t) => {
  const service = await startDelayedService(t, context);
  const { id, token } = await service.manager.createSession('alice');
  service.store.delays = true;
  const forged = Array.from({ length: 10 }, () => new HeldPoll(service.manager, `${id}${'x'.repeat(40)}`));
  const own = new HeldPoll(service.manager, token);
  await settle();
  t.false(isTurnedAway(own));
  t.is(forged.filter(isTurnedAway).length, 7, 'they count among themselves');
  while (service.store.underWay.length > 0) service.store.answer();
  await settle();
  t.is(forged.filter(({ errors }) => errors.length === 1).length, 3);
  t.true(own.isHeld);
});

test('a large answer counts until it is written out, a small one does not count', async (t) => {
  const service = await startService(t, context);
  const { id, token } = await service.manager.createSession('alice');
  const closes: (() => void)[] = [];
  const poll = async (options: PollOptions): Promise<Batch> => {
    const batch = new Promise<Batch>((resolve, reject) => {
      const onceClosed = (listener: () => void) => closes.push(listener);
      service.manager.pollAsBearer(token, options, { deliver: resolve, fail: reject, onceClosed });
    });
    return batch;
  };
  await service.manager.push(id, 'x'.repeat(10_000));
  for (let count = 0; count < 5; count += 1) t.is((await poll({ after: '' })).messages.length, 1);
  t.is(closes.length, 0);
  await service.manager.push(id, 'x'.repeat(10_000));
  for (let count = 0; count < 3; count += 1) t.is((await poll({ after: '' })).messages.length, 2);
  t.true(((await poll({ after: '' })).retry ?? 0) > 0);
  closes.shift()?.();
  t.is((await poll({ after: '' })).messages.length, 2);
  for (const close of closes) close();
});
