import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { SnapshotFolder } from './snapshot-fixture.js';

const snapshotFile = new URL('../../../src/stores/memory/snapshot-file.js', import.meta.url).href;

/** Writes a snapshot for so long that the progress is reported on standard error. */
const script = `
  import { SnapshotFile } from ${JSON.stringify(snapshotFile)};
  function* slowly() {
    for (let each = 0; each < 4; each += 1) {
      const end = Date.now() + 600;
      while (Date.now() < end);
      yield { text: 'x'.repeat(300_000) };
    }
  }
  process.stdin.resume();
  process.stdin.once('end', () => void new SnapshotFile({ path: process.argv[1] }).write(slowly(), 4, { now: 0 }));
`;

test('a snapshot is written even if its progress can not be shown because standard error is closed', async (t) => {
  const folder = await SnapshotFolder.make(t);
  const args = ['--input-type=module', '-e', script, folder.path];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  child.stderr.destroy();
  child.stdin.end();
  t.deepEqual(await once(child, 'close'), [0, null]);
  t.deepEqual(await folder.names(), ['sessions.snapshot']);
});
