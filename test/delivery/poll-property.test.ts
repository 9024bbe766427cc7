// @own-worker: it keeps the processor busy, and tests beside it would wait.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { memoryStore } from '../../src/index.js';
import { checkPolls } from '../support/poll-property.js';

test('every batch has all retained messages, in order, and lost counts exactly what bounds dropped', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'poll-property-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const path = join(folder, 'sessions.snapshot');
  await checkPolls({
    stage: async () => ({
      clock: new ManualClock(),
      store: memoryStore({ snapshot: { path } }),
      forgivesDowntime: true,
      close: () => rm(path, { force: true }),
    }),
    runs: 200,
  });
  t.pass();
});
