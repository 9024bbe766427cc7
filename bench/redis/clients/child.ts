import { inPromiseLanes } from '../../support/flight.js';
import { serveParent } from '../../support/rpc.js';
import type { Command } from '../limit/recorded-calls.js';
import { IN_FLIGHT } from '../plan.js';
import { SENDERS } from './senders.js';

const [name = '', port = '', redisFolder = ''] = process.argv.slice(2);
const open = SENDERS[name];
if (open === undefined) throw new Error(`no client ${JSON.stringify(name)}`);
const send = await open(Number(port), redisFolder);

const handlers = {
  /** Makes that many calls, taken from the list in turn. */
  async run(calls: readonly Command[], count: number): Promise<{ readonly rate: number; readonly cpu: number }> {
    const numbers = Array.from({ length: count }, (_, n) => n);
    const cpuBefore = process.cpuUsage();
    const start = performance.now();
    await inPromiseLanes(numbers, IN_FLIGHT, async (n) => {
      const [reply] = Array.from((await send(calls[n % calls.length] ?? [])) as Iterable<unknown>);
      if (!Array.isArray(reply) || reply[0] !== 1) throw new Error(`a call was answered ${JSON.stringify(reply)}`);
    });
    const elapsed = performance.now() - start;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { rate: (count / elapsed) * 1_000, cpu: (user + system) / count };
  },
};

export type ClientsChild = typeof handlers;
serveParent(handlers);
