import { note } from '../../support/output.js';
import type { Figures } from '../../support/results.js';
import { STEADY_RATE, type WorkersPlan } from '../plan.js';
import type { Places } from '../stores.js';
import { Fleet, sum } from './fleet.js';

/**
 * Each worker pushes its share of the messages to all: with two workers, half of the pushes go to the other's polls.
 */
export async function measureWorkers(
  name: string,
  count: number,
  places: Places,
  plan: WorkersPlan,
  profile: string | undefined,
): Promise<Figures> {
  note(`${count} ${count === 1 ? 'worker' : 'workers'}: ${name}`);
  const fleet = await Fleet.start(name, count, places, plan.sessions, profile);
  try {
    let delays: readonly number[] = [];
    const pushAll = (messages: number) => async () => {
      delays = await fleet.all((worker) => worker.call('pushAll', messages / count));
      return messages;
    };
    await fleet.deliver(pushAll(plan.warmUp));
    const cpuBefore = await fleet.cpu();
    const rate = await fleet.deliver(pushAll(plan.messages));
    const cpu = ((await fleet.cpu()) - cpuBefore) / plan.messages;
    await fleet.latencies();
    await fleet.deliver(async () => {
      return sum(await fleet.all((worker) => worker.call('pushSteadily', plan.seconds, STEADY_RATE / count)));
    });
    return { rate, cpu, loopDelay: Math.max(...delays), ...(await fleet.latencies()) };
  } finally {
    await fleet.stop();
  }
}
