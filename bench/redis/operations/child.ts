import { inPromiseLanes } from '../../support/flight.js';
import { KeyVault } from '../../support/key-vault.js';
import { serveParent } from '../../support/rpc.js';
import { shuffledIndex } from '../../support/shuffle.js';
import { IN_FLIGHT } from '../plan.js';
import { type Operation, TOKEN_WIDTH } from './subject.js';
import { SUBJECTS } from './subjects/index.js';

const [name = '', port = '', size = ''] = process.argv.slice(2);
const open = SUBJECTS[name];
if (open === undefined) throw new Error(`no subject ${JSON.stringify(name)}`);

const subject = await open(Number(port));
const vault = new KeyVault(Number(size), TOKEN_WIDTH);

/** What one run took of this process. */
export interface Run {
  /** In ms. */
  readonly elapsed: number;
  /** All threads of the process, user and system, in µs. */
  readonly cpu: number;
}

const handlers = {
  /** One call for each session from number `start` to `end`; all but creations in a random order. */
  async run(operation: Operation, start: number, end: number): Promise<Run> {
    if (operation === 'create') {
      const numbers = Array.from({ length: end - start }, (_, i) => start + i);
      return measured(numbers, async (n) => vault.put(n, await subject.create(n)));
    }
    const order = Array.from(shuffledIndex(end - start), (i) => vault.fresh(start + i, TOKEN_WIDTH));
    return measured(order, (token) => subject[operation](token));
  },

  close: (): Promise<void> => subject.close(),
};

export type OperationsChild = typeof handlers;
serveParent(handlers);

async function measured<T extends NonNullable<unknown>>(
  items: readonly T[],
  call: (item: T) => Promise<void>,
): Promise<Run> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await inPromiseLanes(items, IN_FLIGHT, call);
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { elapsed, cpu: user + system };
}
