import test from 'ava';
import { eventually } from '../../../support/eventually.js';
import { isStorm } from '../../../support/limits.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { freshPrefix } from '../exact-clock.js';
import { clusterFor } from '../places.js';

const cluster = clusterFor(test, { settings: { appendonly: 'yes', appendfsync: 'always' } });

const buckets = 64;
/** Milliseconds between two heartbeats of a node. */
const heartbeatMs = 2_000;

/** Returns the number of channels with subscribers, summed over all masters. */
async function channels(): Promise<number> {
  const perMaster = cluster().masters.map(({ client }) => client.call('PUBSUB', 'SHARDCHANNELS'));
  return (await Promise.all(perMaster)).flat().length;
}

/** In samples only SIGKILL: server-restart.storm.test.ts samples the clean stop. */
const signals: readonly ('SIGTERM' | 'SIGKILL')[] = isStorm ? ['SIGTERM', 'SIGKILL'] : ['SIGKILL'];

const succeeded = () => true;
const failed = () => false;

test('while a whole Cluster is down, calls fail and polls stay held; after its restart, polls report reset and calls succeed', async (t) => {
  const { masters, nodes } = cluster();
  const settings = { context: { pollTime: 120_000 }, options: { cluster: { nodes }, keyPrefix: freshPrefix() } };
  const [one, other] = await Promise.all([ServiceProcess.start(t, settings), ServiceProcess.start(t, settings)]);
  const sessions = await Promise.all(Array.from({ length: 8 }, (_each, index) => one.do('create', `account-${index}`)));
  for (const signal of signals) {
    const polls = [];
    for (const { token } of sessions) {
      // Each node reconnects to each master separately.
      const isBack = () => other.do('authenticate', token).then(succeeded, failed);
      await eventually(isBack, { what: 'the node has reconnected' });
    }
    for (const { id } of sessions) polls.push(await other.hold(id, 'default', 120_000));
    await Promise.all(masters.map((master) => master.kill(signal)));
    for (const { token } of sessions) {
      await t.throwsAsync(one.do('authenticate', token), { code: 'STORE_UNAVAILABLE' });
    }
    await Promise.all(masters.map((master) => master.restart()));
    await cluster().settled();
    for (const [index, { id }] of sessions.entries()) {
      await eventually(() => one.do('push', id, signal).then(succeeded, failed), { what: 'pushes get through' });
      const batch = await other.answerAfterReset(polls[index], id);
      const { messages = [], lost, closed } = batch ?? {};
      t.deepEqual([messages.at(-1)?.data, lost, closed], [signal, 0, undefined], JSON.stringify(batch));
    }
  }
  for (const { token } of sessions) {
    await eventually(() => other.do('authenticate', token).then(succeeded, failed), { what: 'the node is back' });
  }
  await eventually(async () => (await channels()) === 2 * buckets, { what: 'both nodes listen to every bucket' });
  // Notices arrive immediately again, not only after a heartbeat.
  for (const { id } of sessions) {
    const held = await other.hold(id);
    const start = performance.now();
    await one.do('push', id, 'last');
    await held.batch;
    t.true(performance.now() - start < heartbeatMs, `answered after ${performance.now() - start} ms`);
  }
  for (const node of [one, other]) t.deepEqual(await node.do('unhandled'), []);
});
