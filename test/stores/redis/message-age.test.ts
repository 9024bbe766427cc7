import test from 'ava';
import { Trial, valuesOf } from '../../../src/conformance/trial.js';
import { redisStores } from './create-redis-store.js';
import { onServer } from './places.js';
import { app, outgoing } from './workload.js';

const startStore = redisStores(onServer(test));

test('after the clock was set back, a message expires by its own age although an earlier message expires later', async (t) => {
  const context = { messageTtl: 10_000, gcTime: 600_000 };
  const trial = new Trial(await startStore(context), 1, context);
  await trial.store.open(trial);
  t.teardown(() => trial.close());
  const { id } = await trial.login();
  await trial.pass(8_000);
  await trial.push(id, 'before');
  await trial.pass(-7_000);
  await trial.push(id, 'after');
  await trial.pass(10_001);
  const { messages, lost } = await trial.read(id);
  t.deepEqual([valuesOf({ messages }), lost], [['before'], 1]);
});

test('after the clock was set back and a message did not fit, the next message expires by its own age', async (t) => {
  const context = {
    messageTtl: 10_000,
    gcTime: 600_000,
    onOverflow: 'drop-newest',
    msgMaxBytes: 1_024,
    mailboxMaxBytes: 1_024,
  } as const;
  const trial = new Trial(await startStore(context), 1, context);
  await trial.store.open(trial);
  t.teardown(() => trial.close());
  const { id } = await trial.login();
  await trial.pass(8_000);
  await trial.push(id, 'before');
  await trial.pass(-7_000);
  await trial.store.append(app, id, outgoing('x'.repeat(1_020)));
  await trial.push(id, 'after');
  await trial.pass(10_001);
  const { messages, lost } = await trial.read(id);
  t.deepEqual([valuesOf({ messages }), lost], [['before'], 2]);
});
