import test, { type ExecutionContext } from 'ava';
import { SessionError } from '../../../../src/index.js';
import type { PlainSession } from '../../nodes/service-actions.js';
import { ServiceProcess } from '../../nodes/service-process.js';
import { faultsIn } from '../consistency.js';
import { freshPlace } from '../fresh-place.js';

const context = { maxSession: 0, gcInterval: 20, hbTime: 50, hbGrace: 100 };

/** What one client was promised. */
interface Promised {
  readonly session: PlainSession;
  asked: number;
  pushed: number;
  closing: 'no' | 'asked' | 'done';
}

/** Logs in, pushes, and logs every third out again, until its process is gone. */
async function bustle(node: ServiceProcess, account: string, promises: Promised[]): Promise<void> {
  try {
    for (let round = 1; ; round += 1) {
      const promised: Promised = { session: await node.do('create', account), asked: 0, pushed: 0, closing: 'no' };
      promises.push(promised);
      for (let each = 0; each < 3; each += 1) {
        promised.asked += 1;
        await node.do('push', promised.session.id, `message ${each}`);
        promised.pushed += 1;
      }
      if (round % 3 > 0) continue;
      promised.closing = 'asked';
      await node.do('close', promised.session.id, 'logout');
      promised.closing = 'done';
    }
  } catch {
    // The process is gone, in the middle of something.
  }
}

async function verify(t: ExecutionContext, node: ServiceProcess, { session, ...promised }: Promised): Promise<void> {
  const found = await node.do('undelivered', session.id).catch((error: unknown) => {
    if (SessionError.is(error, 'SESSION_CLOSED')) return error.details.reason;
    throw error;
  });
  if (promised.closing === 'done') return void t.is(found, 'logout');
  if (found === 'logout' && promised.closing === 'asked') return;
  t.true(
    typeof found === 'number' && found >= promised.pushed && found <= promised.asked,
    `${found} of ${promised.pushed}`,
  );
}

for (const durability of ['commit', 'interval'] as const) {
  test(`under ${durability} nothing acknowledged is lost when processes are killed in a storm, one by one and all at once`, async (t) => {
    const place = { ...(await freshPlace(t)), durability };
    const promises: Promised[] = [];
    for (let round = 0; round < 4; round += 1) {
      const nodes = await ServiceProcess.startAll(t, 3, { context, options: place });
      const customers = nodes.flatMap((node, index) =>
        Array.from({ length: 8 }, (_each, number) => bustle(node, `account-${index}-${number}`, promises)),
      );
      const before = promises.length;
      while (promises.length < before + 100) await new Promise((resolve) => setTimeout(resolve, 10));
      // The last round ends all of them in one blow.
      for (const node of nodes) round === 3 ? void node.kill() : await node.kill();
      await Promise.all(customers);
      t.deepEqual(await faultsIn(place.path), [], `after round ${round}`);
    }
    const survivor = await ServiceProcess.start(t, { context, options: place });
    t.true(promises.length > 400);
    for (const promised of promises) await verify(t, survivor, promised);
  });
}
