import { KeyVault } from '../../support/key-vault.js';
import { measured, type Run } from '../../support/measured-run.js';
import { serveParent } from '../../support/rpc.js';
import { shuffledIndex } from '../../support/shuffle.js';
import { IN_FLIGHT } from '../plan.js';
import { openStore } from '../stores.js';
import { create, type Operation, onSession, TOKEN_WIDTH } from './operations.js';

const [name = '', folder = '', redisUrl = '', size = ''] = process.argv.slice(2);
const { manager, close } = await openStore(name, { folder, redisUrl });
const vault = new KeyVault(Number(size), TOKEN_WIDTH);

const handlers = {
  /** Makes one call for each session from number `start` to `end`; all except creations in a random order. */
  async run(operation: Operation, start: number, end: number): Promise<Run> {
    if (operation === 'create') {
      const numbers = Array.from({ length: end - start }, (_, i) => start + i);
      return measured(numbers, IN_FLIGHT, async (n) => vault.put(n, await create(manager, n)));
    }
    const order = Array.from(shuffledIndex(end - start), (i) => vault.fresh(start + i, TOKEN_WIDTH));
    return measured(order, IN_FLIGHT, (token) => onSession[operation](manager, token));
  },

  close,
};

export type OperationsChild = typeof handlers;
serveParent(handlers);
