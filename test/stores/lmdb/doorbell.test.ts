import test from 'ava';
import { freshPlace } from './fresh-place.js';
import { NodeGroup } from './nodes/node-group.js';

/** So long that nobody finds anything by looking. */
const never = { lookInterval: 60_000 };

for (const kind of ['cluster', 'threads'] as const) {
  const between = kind === 'cluster' ? 'workers of a cluster' : 'threads of a process';

  test(`between ${between} a push answers a held poll by the doorbell alone`, async (t) => {
    const options = { ...(await freshPlace(t)), ...never };
    const group = await NodeGroup.start(t, kind, 3, { context: {}, options });
    const { id } = await group.do(0, 'create', 'alice');
    const polls = [await group.hold(1, id, 'one'), await group.hold(2, id, 'two')];
    await group.do(0, 'push', id, { text: 'hi' });
    for (const { batch } of polls) {
      const { messages, lost } = await batch;
      t.deepEqual([messages.map(({ data }) => data), lost], [[{ text: 'hi' }], 0]);
    }
  });

  test(`between ${between} a close and a newer poll end a held poll by the doorbell alone`, async (t) => {
    const options = { ...(await freshPlace(t)), ...never };
    const group = await NodeGroup.start(t, kind, 2, { context: {}, options });
    const { id } = await group.do(0, 'create', 'alice');
    const older = await group.hold(1, id);
    const newer = await group.hold(0, id);
    t.is((await older.batch).superseded, true);
    await group.do(1, 'close', id);
    t.is((await newer.batch).closed?.code, 'revoked');
  });
}
