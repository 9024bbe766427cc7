import { note } from '../../support/output.js';
import type { Figures } from '../../support/results.js';
import { CROWD_RATE, CROWD_SIZE, type CrowdPlan } from '../plan.js';
import type { Places } from '../stores.js';
import { Fleet, sum } from './fleet.js';

/**
 * Eight workers on one store. First all workers push to all as fast as they can, which shows how they share the write
 * lock. Then one worker pushes at a steady rate to the polls of all, which shows the cost of each wake-up for the
 * others.
 */
export async function measureCrowd(
  name: string,
  places: Places,
  { sessions, seconds }: CrowdPlan,
  profile: string | undefined,
): Promise<Figures> {
  note(`${CROWD_SIZE} workers: ${name}`);
  const fleet = await Fleet.start(name, CROWD_SIZE, places, sessions, profile);
  try {
    let shares: readonly number[] = [];
    const pushAtOnce = async () => {
      shares = await fleet.all((worker) => worker.call('pushFor', seconds));
      return sum(shares);
    };
    await fleet.deliver(pushAtOnce);
    const rate = await fleet.deliver(pushAtOnce);
    const equal = sum(shares) / CROWD_SIZE;
    const [pusher, ...woken] = fleet.workers;
    if (pusher === undefined) throw new Error('no worker to push');
    await fleet.latencies();
    const cpuOfWoken = async () => sum(await Promise.all(woken.map((worker) => worker.call('cpu'))));
    const cpuBefore = await cpuOfWoken();
    let messages = 0;
    await fleet.deliver(async () => {
      messages = await pusher.call('pushSteadily', seconds, CROWD_RATE);
      return messages;
    });
    // Each change of the log wakes all workers, not only the worker whose poll the message answers.
    const cpu = ((await cpuOfWoken()) - cpuBefore) / messages / woken.length;
    return {
      rate,
      smallest: Math.min(...shares) / equal,
      largest: Math.max(...shares) / equal,
      wakeUpCpu: cpu,
      ...(await fleet.latencies()),
    };
  } finally {
    await fleet.stop();
  }
}
