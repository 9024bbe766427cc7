import { Worker } from 'node:worker_threads';
import type { Report } from '../../nodes/forked-process.js';
import { serveOrders } from '../../nodes/serve-orders.js';
import { type Outcome, revivedError } from '../../nodes/wire.js';
import type { ClusterOrder } from './cluster-primary.js';

/** A process whose threads each run the service. Passes on to them what the test asks of each. */

const threads = new Map<number, Worker>();
const settle = new Map<number, (outcome: Outcome) => void>();
let calls = 0;

serveOrders<ClusterOrder, never>(async ({ worker, order }) => {
  calls += 1;
  const call = calls;
  const outcome = new Promise<Outcome>((resolve) => settle.set(call, resolve));
  let asked = threads.get(worker);
  if (asked === undefined) {
    asked = new Worker(new URL('./thread-node.js', import.meta.url));
    asked.on('message', (report: Report<never>) => {
      if (report.call !== undefined) settle.get(report.call)?.(report.outcome);
    });
    threads.set(worker, asked);
  }
  asked.postMessage({ call, order });
  const ended = await outcome;
  if ('error' in ended) throw revivedError(ended.error);
  return ended.value;
});
