import { fork } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { outgoing } from '../../../../src/conformance/trial.js';
import { programFile } from '../../../support/program.js';
import { freshPath } from '../create-sqlite-store.js';
import type { DamageReport } from '../nodes/damage-check.js';
import { openedTrial } from '../opened-trial.js';
import { stormSize } from '../storm-size.js';

const program = programFile(new URL('../nodes/damage-check.js', import.meta.url));
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

test('from a file that is damaged anywhere, no wrong data is returned as right, and no process crashes', async (t) => {
  const path = await freshPath(t);
  const trial = await openedTrial(t, { path });
  for (let each = 0; each < 60; each += 1) {
    const attributes = { text: JSON.stringify('é'.repeat(20 * (each % 10))), number: String(each) };
    const { id } = await trial.login(`account-${each}`, { attributes, userAgent: `agent ${each}` });
    for (let push = 0; push < each % 8; push += 1) {
      await trial.store.append('default', id, outgoing('x'.repeat(100 * push), `key-${push % 3}`));
    }
  }
  await trial.close();
  const child = fork(program, [path, String(stormSize(30, 1_000)), String(seed)]);
  t.teardown(() => void child.kill('SIGKILL'));
  const reported = new Promise<DamageReport | undefined>((resolve) => {
    child.once('message', (message: DamageReport) => resolve(message));
    child.once('exit', () => resolve(undefined));
  });
  const report = await reported;
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  t.deepEqual([child.exitCode, child.signalCode], [0, null], `seed ${seed}`);
  t.deepEqual(report?.wrong, [], `seed ${seed}`);
  t.true((report?.refused ?? 0) > 0);
  t.log(
    `${report?.refused} refused, ${report?.whole} unharmed, ${report?.incomplete} with rows that were not found, or messages that were told lost`,
  );
});
