import type { TestFn } from 'ava';
import { eventually } from '../../../support/eventually.js';
import { limits, rounds } from '../../../support/limits.js';
import { createSpread, idsIn, idsInAll, newEventLog } from '../event-log.js';
import { ServiceProcess } from '../service-process.js';
import type { Place } from './place.js';

const nodeCount = rounds({ sample: 3, full: 4 });
const expiring = rounds({ sample: 1_500, full: 20_000 });
const expiringAtKill = rounds({ sample: 800, full: 8_000 });

/** Declares tests of expiry with several processes. */
export function gcFaults(test: TestFn, place: Place): void {
  test('when several nodes sweep, the expiry of each session is reported exactly once', async (t) => {
    const eventLogs = Array.from({ length: nodeCount }, () => newEventLog(t));
    const settings = {
      context: { gcTime: 3_000, gcInterval: 50 },
      options: await place(t),
    };
    const nodes = await Promise.all(eventLogs.map((eventLog) => ServiceProcess.start(t, { ...settings, eventLog })));
    const ids = await createSpread(nodes, expiring);
    t.is(ids.length, expiring);
    await eventually(async () => (await idsInAll(eventLogs)).length >= ids.length, { patience: limits.processes });
    t.deepEqual((await idsInAll(eventLogs)).toSorted(), ids.toSorted());
    const shares = await Promise.all(eventLogs.map(async (eventLog) => (await idsIn(eventLog)).length));
    t.true(
      shares.every((share) => share > 0),
      `each node reports some: ${shares}`,
    );
    for (const node of nodes) t.is(await node.do('sessionsOfApp'), 0);
  });

  test('when nodes are killed while sessions expire, the expiry of every session is reported', async (t) => {
    const eventLogs = Array.from({ length: nodeCount }, () => newEventLog(t));
    const settings = {
      context: { gcTime: 2_000, gcInterval: 20 },
      options: await place(t),
    };
    const nodes = await Promise.all(eventLogs.map((eventLog) => ServiceProcess.start(t, { ...settings, eventLog })));
    const ids = await createSpread(nodes, expiringAtKill);
    await eventually(async () => (await idsInAll(eventLogs)).length > 0);
    for (const node of nodes.slice(0, nodeCount - 2)) await node.kill();
    // An expiry that a node reported but did not acknowledge before it was killed is reported twice.
    await eventually(async () => new Set(await idsInAll(eventLogs)).size === ids.length, {
      patience: limits.processes,
    });
    t.deepEqual([...new Set(await idsInAll(eventLogs))].toSorted(), ids.toSorted());
  });
}
