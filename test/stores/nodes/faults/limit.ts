import type { TestFn } from 'ava';
import type { CreationTally } from '../service-actions.js';
import { ServiceProcess } from '../service-process.js';
import type { Place } from './place.js';

const processCount = 4;
const attempts = 10_000;
const maxSession = 5;

/** Four processes log one account in, all at once. */
async function race(nodes: readonly ServiceProcess[]): Promise<readonly CreationTally[]> {
  return Promise.all(nodes.map((node) => node.do('createMany', 'alice', attempts / processCount, 200, true)));
}

/** Declares tests of the limit, as several processes race for it. @param place gives a fresh place for sessions */
export function limitFaults(test: TestFn, place: Place): void {
  test('of 10 000 logins that four processes race for, exactly maxSession are admitted, and the others are refused', async (t) => {
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
    test(`under ${onMaxSession} every login of 10 000 is admitted, and each that had to go for it is told of once`, async (t) => {
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
