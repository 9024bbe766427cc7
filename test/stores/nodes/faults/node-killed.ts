import type { TestFn } from 'ava';
import { eventually } from '../../../support/eventually.js';
import { ServiceProcess } from '../service-process.js';
import { Traffic } from '../traffic.js';
import type { Place } from './place.js';

const roomy = { msgMaxLength: 100_000, mailboxMaxBytes: 100_000_000 };

/** Declares tests of polls and pushes when a process is killed. */
export function nodeKilledFaults(test: TestFn, place: Place): void {
  test('when nodes are killed during traffic, their clients continue at another node and miss no message', async (t) => {
    const settings = { context: roomy, options: await place(t) };
    const nodes = await ServiceProcess.startAll(t, 3, settings);
    const traffic = await Traffic.start(nodes);
    for (const node of nodes.slice(0, 2)) {
      await traffic.goesOn();
      await node.kill();
    }
    await traffic.goesOn();
    await traffic.settle(t);
    t.true(traffic.failures > 0);
    t.deepEqual(await nodes[2]?.do('unhandled'), []);
  });

  test('a poll held by a killed node keeps its session alive no longer than its wait', async (t) => {
    const context = { gcTime: 1_000, gcInterval: 50, pollTime: 2_000, tombstoneTime: 60_000 };
    const settings = { context, options: await place(t) };
    const [victim, survivor] = await Promise.all([
      ServiceProcess.start(t, settings),
      ServiceProcess.start(t, settings),
    ]);
    const { id, token } = await victim.do('create', 'alice');
    await victim.hold(id);
    await victim.kill();
    await eventually(async () => (await survivor.do('closed')).length > 0);
    t.deepEqual(await survivor.do('closed'), [{ id, reason: 'expired', undelivered: 0 }]);
    await t.throwsAsync(survivor.do('authenticate', token), { code: 'SESSION_CLOSED' });
  });

  test('a push to a poll that a killed node held is delivered to the next poll', async (t) => {
    const settings = { context: {}, options: await place(t) };
    const [victim, survivor] = await Promise.all([
      ServiceProcess.start(t, settings),
      ServiceProcess.start(t, settings),
    ]);
    const { id } = await victim.do('create', 'alice');
    const { cursor } = await victim.do('poll', id, { after: '', wait: 0 });
    await victim.hold(id);
    await victim.kill();
    t.is((await survivor.do('push', id, 'hi')).accepted, 1);
    const { messages, lost, reset } = await survivor.do('poll', id, { after: cursor });
    t.deepEqual([messages.map(({ data }) => data), lost, reset], [['hi'], 0, undefined]);
  });
}
