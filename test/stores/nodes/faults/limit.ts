import type { TestFn } from 'ava';
import { rounds } from '../../../support/limits.js';
import type { CreationTally } from '../service-actions.js';
import { ServiceProcess } from '../service-process.js';
import type { Place } from './place.js';

const processCount = rounds({ sample: 2, full: 4 });
const attempts = rounds({ sample: 2_000, full: 10_000 });
const maxSession = 5;

/** Logs in to one account from all processes at the same time. */
async function race(nodes: readonly ServiceProcess[]): Promise<readonly CreationTally[]> {
  return Promise.all(nodes.map((node) => node.do('createMany', 'alice', attempts / processCount, 200, true)));
}

/** Declares tests of the limit under concurrent logins in several processes. @param place returns an empty store */
export function limitFaults(test: TestFn, place: Place): void {
  test('of many concurrent logins in several processes, exactly maxSession are admitted and the others are refused', async (t) => {
    const settings = { context: { maxSession }, options: await place(t) };
    const nodes = await ServiceProcess.startAll(t, processCount, settings);
    const tallies = await race(nodes);
    const created = tallies.flatMap((tally) => tally.created.map(({ id }) => id));
    t.is(created.length, maxSession);
    for (const { refused } of tallies) {
      t.true(
        Object.keys(refused).every((code) => code === 'SESSION_LIMIT'),
        JSON.stringify(refused),
      );
    }
    const refused = tallies.reduce((sum, tally) => sum + (tally.refused.SESSION_LIMIT ?? 0), 0);
    t.is(refused, attempts - maxSession);
    for (const node of nodes) t.deepEqual((await node.do('sessionsOfAccount', 'alice')).toSorted(), created.toSorted());
  });

  for (const onMaxSession of ['evict-oldest', 'evict-idle'] as const) {
    test(`under ${onMaxSession} each of many concurrent logins is admitted, and each eviction is reported once`, async (t) => {
      const options = await place(t);
      const nodes = await ServiceProcess.startAll(t, processCount, { context: { maxSession, onMaxSession }, options });
      const tallies = await race(nodes);
      const created = tallies.flatMap((tally) => tally.created);
      t.is(created.length, attempts);
      const [node] = nodes;
      const live = new Set(await node?.do('sessionsOfAccount', 'alice'));
      t.is(live.size, maxSession);
      const closed = (await Promise.all(nodes.map((each) => each.do('closed')))).flat();
      t.true(closed.every(({ reason }) => reason === 'evicted'));
      const losers = created.map(({ id }) => id).filter((id) => !live.has(id));
      t.deepEqual(closed.map(({ id }) => id).toSorted(), losers.toSorted());
      const [loser] = created.filter(({ id }) => !live.has(id));
      const late = node?.do('authenticate', loser?.token ?? '');
      await t.throwsAsync(async () => late, { code: 'SESSION_CLOSED' });
    });
  }
}
