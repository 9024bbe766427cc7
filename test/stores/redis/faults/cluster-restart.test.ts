import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';

const cluster = clusterFor(test, { settings: { appendonly: 'yes', appendfsync: 'always' } });

const buckets = 64;

/** How many channels are listened to, over all masters. */
async function channels(): Promise<number> {
  const perMaster = cluster().masters.map(({ client }) => client.call('PUBSUB', 'SHARDCHANNELS'));
  return (await Promise.all(perMaster)).flat().length;
}

const isFine = () => true;
const isNot = () => false;

test('while a whole Cluster is away calls fail and polls stay held; when it is back, all goes on by itself', async (t) => {
  const { masters, nodes } = cluster();
  const settings = { context: { pollTime: 120_000 }, options: { cluster: { nodes }, keyPrefix: freshPrefix() } };
  const [one, other] = await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]);
  const sessions = await Promise.all(Array.from({ length: 8 }, (_each, index) => one.do('create', `account-${index}`)));
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const polls = [];
    for (const { token } of sessions) {
      // Each node finds back to each master by itself, in its own time.
      const isBack = () => other.do('authenticate', token).then(isFine, isNot);
      await eventually(isBack, { what: 'the node has found its way back' });
    }
    for (const { id } of sessions) polls.push(await other.hold(id, 'default', 120_000));
    await Promise.all(masters.map((master) => master.kill(signal)));
    for (const { token } of sessions) {
      await t.throwsAsync(one.do('authenticate', token), { code: 'STORE_UNAVAILABLE' });
    }
    await Promise.all(masters.map((master) => master.restart()));
    await cluster().settled();
    t.false(polls.some(({ isOver }) => isOver));
    for (const [index, { id }] of sessions.entries()) {
      await eventually(() => one.do('push', id, signal).then(isFine, isNot), { what: 'pushes get through' });
      const batch = await polls[index]?.batch;
      const { messages = [], lost, closed } = batch ?? {};
      t.deepEqual([messages.at(-1)?.data, lost, closed], [signal, 0, undefined], JSON.stringify(batch));
    }
  }
  for (const { token } of sessions) {
    await eventually(() => other.do('authenticate', token).then(isFine, isNot), { what: 'the node is back' });
  }
  await eventually(async () => (await channels()) === 2 * buckets, { what: 'both nodes listen to every bucket' });
  // At rest again, notices find their way at once, and not only when nodes ask what they missed.
  for (const { id } of sessions) {
    const held = await other.hold(id);
    const start = performance.now();
    await one.do('push', id, 'last');
    await held.batch;
    t.true(performance.now() - start < 1_000, `answered after ${performance.now() - start} ms`);
  }
  for (const node of [one, other]) t.deepEqual(await node.do('unhandled'), []);
});
