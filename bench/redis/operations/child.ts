import { KeyVault } from '../../support/key-vault.js';
import { measured, type Run } from '../../support/measured-run.js';
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

const handlers = {
  /** Makes one call for each session from number `start` to `end`; all except creations in a random order. */
  async run(operation: Operation, start: number, end: number): Promise<Run> {
    if (operation === 'create') {
      const numbers = Array.from({ length: end - start }, (_, i) => start + i);
      return measured(numbers, IN_FLIGHT, async (n) => vault.put(n, await subject.create(n)));
    }
    const order = Array.from(shuffledIndex(end - start), (i) => vault.fresh(start + i, TOKEN_WIDTH));
    return measured(order, IN_FLIGHT, (token) => subject[operation](token));
  },

  close: (): Promise<void> => subject.close(),
};

export type OperationsChild = typeof handlers;
serveParent(handlers);
