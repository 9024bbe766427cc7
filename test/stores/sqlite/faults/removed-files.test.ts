import { readFileSync, rmSync, statSync } from 'node:fs';
import { endianness } from 'node:os';
import test from 'ava';
import { Trial } from '../../../../src/conformance/trial.js';
import { until } from '../../../support/http-kit.js';
import type { NodeProcess } from '../../nodes/node-process.js';
import { RemoteStore } from '../../nodes/remote-store.js';
import { startedNodes } from '../../nodes/started-nodes.js';
import { freshPath } from '../create-sqlite-store.js';
import { trialOf } from '../opened-trial.js';

const nodes = startedNodes(test, 2);

function trialAt(node: NodeProcess | undefined, path: string): Trial {
  if (node === undefined) throw new Error('the node is not started');
  const store = new RemoteStore([node], { context: { maxSession: 0 }, options: { path }, timeSource: undefined });
  return new Trial({ store, advance: async () => {}, close: () => store.close() }, 1, { gcTime: 60_000, maxAge: 0 });
}

/** Size of the log file in bytes at which the store begins its first checkpoint. */
const firstCheckpoint = 4 * 1_048_576;

/**
 * Whether a checkpoint has ended, and no other one runs. The fields of the log's index are described at
 * https://sqlite.org/walformat.html. To close a file drops the locks of the process on it, which does no harm here: no
 * other process uses this index.
 */
function isCheckpointed(path: string): boolean {
  const index = readFileSync(`${path}-shm`);
  const numberAt = (offset: number) =>
    endianness() === 'LE' ? index.readUInt32LE(offset) : index.readUInt32BE(offset);
  const [copied, attempted] = [numberAt(96), numberAt(128)];
  return copied > 0 && copied === attempted;
}

for (const suffixes of [['-wal', '-shm'], ['-shm']]) {
  for (const size of ['small', 'large'] as const) {
    const what = suffixes.join(' and ');
    test.serial(
      `a process whose ${what} was removed spoils nothing for one that opens then (${size} log)`,
      async (t) => {
        const path = await freshPath(t);
        const older = trialOf({ path });
        await older.store.open(older);
        const userAgent = 'x'.repeat(500);
        const text = JSON.stringify('x'.repeat(size === 'large' ? 50_000 : 50));
        const fill = () => older.login('alice', { userAgent, attributes: { text } });
        const isLarge = () => statSync(`${path}-wal`).size >= firstCheckpoint;
        for (let each = 0; size === 'large' ? !isLarge() : each < 100; each += 1) await fill();
        // If the log is removed while it is copied, the database file lacks the rest of it.
        if (size === 'large') await until(() => isCheckpointed(path));
        // These are not in the database file yet. The older process must not copy them over newer data.
        for (let each = 0; each < 3; each += 1) await fill();
        for (const suffix of suffixes) rmSync(path + suffix);
        const [newer, checking] = [trialAt(nodes()[0], path), trialAt(nodes()[1], path)];
        await newer.store.open(newer);
        const ids: string[] = [];
        const login = async () => ids.push((await newer.login('bob', { userAgent })).id);
        for (let each = 0; each < 200; each += 1) await login();
        await t.throwsAsync(older.login(), { code: 'STORE_UNAVAILABLE', message: /while it was in use/ });
        await older.store.close();
        for (let each = 0; each < 50; each += 1) await login();
        await newer.store.close();
        // Checks the structure of the file, too.
        await t.notThrowsAsync(checking.store.open(checking));
        t.teardown(() => checking.store.close());
        for (const id of ids) t.is((await checking.store.get('default', id)).id, id);
      },
    );
  }
}

test.serial('nothing is acknowledged after the index of the log was removed', async (t) => {
  const path = await freshPath(t);
  const trial = trialOf({ path });
  await trial.store.open(trial);
  const { id } = await trial.login();
  rmSync(`${path}-shm`);
  await t.throwsAsync(trial.login(), { code: 'STORE_UNAVAILABLE', message: /-shm was removed/ });
  await trial.store.close();
  const again = trialAt(nodes()[0], path);
  await again.store.open(again);
  t.teardown(() => again.store.close());
  t.is((await again.store.get('default', id)).id, id);
});
