import type { TestFn } from 'ava';
import { eventually } from '../../../support/eventually.js';
import { createSpread, idsIn, idsInAll, newEventLog } from '../event-log.js';
import { ServiceProcess } from '../service-process.js';
import type { Place } from './place.js';

/** Declares tests of expiry under several processes. */
export function gcFaults(test: TestFn, place: Place): void {
  test('of 20 000 sessions that expire under four nodes each expiry is told exactly once', async (t) => {
    const eventLogs = Array.from({ length: 4 }, () => newEventLog(t));
    const settings = {
      context: { gcTime: 3_000, gcInterval: 50 },
      options: await place(t),
    };
    const nodes = await Promise.all(eventLogs.map((eventLog) => ServiceProcess.start(t, { ...settings, eventLog })));
    const ids = await createSpread(nodes, 20_000);
    t.is(ids.length, 20_000);
    await eventually(async () => (await idsInAll(eventLogs)).length >= ids.length, { patience: 60_000 });
    t.deepEqual((await idsInAll(eventLogs)).toSorted(), ids.toSorted());
    const shares = await Promise.all(eventLogs.map(async (eventLog) => (await idsIn(eventLog)).length));
    t.true(
      shares.every((share) => share > 0),
      `all take part: ${shares}`,
    );
    for (const node of nodes) t.is(await node.do('sessionsOfApp'), 0);
  });

  test('of sessions that expire while nodes are killed none is forgotten', async (t) => {
    const eventLogs = Array.from({ length: 4 }, () => newEventLog(t));
    const settings = {
      context: { gcTime: 2_000, gcInterval: 20 },
      options: await place(t),
    };
    const nodes = await Promise.all(eventLogs.map((eventLog) => ServiceProcess.start(t, { ...settings, eventLog })));
    const ids = await createSpread(nodes, 8_000);
    await eventually(async () => (await idsInAll(eventLogs)).length > 0);
    for (const node of nodes.slice(0, 2)) await node.kill();
    // One that a node told of at the very moment of its end, before it could say so, is told of once more.
    await eventually(async () => new Set(await idsInAll(eventLogs)).size === ids.length, { patience: 40_000 });
    t.deepEqual([...new Set(await idsInAll(eventLogs))].toSorted(), ids.toSorted());
  });
}
