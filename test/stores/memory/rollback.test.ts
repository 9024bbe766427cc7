// @own-worker: it keeps the processor busy, and tests beside it would wait.
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { MemoryStore } from '../../../src/index.js';
import { rounds } from '../../support/limits.js';
import { checkRollbacks } from '../../support/rollback-property.js';
import { SnapshotFolder } from './snapshot-fixture.js';

test('after a restart from any older snapshot every message is received, or lost or reset is reported to its reader', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const { clock } = folder;
  let marks = 0;
  await checkRollbacks({
    stage: async (context) => {
      const start = () => new MemoryStore(context, clock, folder.file());
      return {
        clock,
        context,
        store: start(),
        tells: false,
        tick: () => clock.advance(1),
        mark: async (running) => {
          marks += 1;
          const copy = join(folder.folder, `older-${marks}`);
          await running.close();
          await copyFile(folder.path, copy);
          const goBack = async (later: typeof running) => {
            await later.close();
            await copyFile(copy, folder.path);
            return start();
          };
          return { next: start(), goBack };
        },
        close: () => folder.file().remove(),
      };
    },
    runs: rounds({ sample: 20, full: 600 }),
  });
  t.pass();
});
