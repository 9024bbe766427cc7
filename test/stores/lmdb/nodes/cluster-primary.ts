import cluster, { type Worker } from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { setupPrimary } from '../../../../src/stores/lmdb/index.js';
import type { Report } from '../../nodes/forked-process.js';
import { serveOrders } from '../../nodes/serve-orders.js';
import type { ServiceOrder } from '../../nodes/start-service.js';
import { type Outcome, revivedError } from '../../nodes/wire.js';

/** The primary of a cluster whose workers each run the service. Passes on to them what the test asks of each. */

export interface ClusterOrder {
  readonly worker: number;
  readonly order: ServiceOrder;
}

setupPrimary();
const exec = fileURLToPath(new URL('./cluster-worker.js', import.meta.url));
cluster.setupPrimary({ exec, serialization: 'advanced' });
const workers = new Map<number, Worker>();
const settle = new Map<number, (outcome: Outcome) => void>();
let calls = 0;

cluster.on('message', (_worker, report: Report<never>) => {
  if (report.call !== undefined) settle.get(report.call)?.(report.outcome);
});

serveOrders<ClusterOrder, never>(async ({ worker, order }) => {
  calls += 1;
  const call = calls;
  const outcome = new Promise<Outcome>((resolve) => settle.set(call, resolve));
  let asked = workers.get(worker);
  if (asked === undefined) {
    const forked = cluster.fork();
    await new Promise<void>((resolve) => forked.once('message', () => resolve()));
    workers.set(worker, forked);
    asked = forked;
  }
  asked.send({ call, order });
  const ended = await outcome;
  if ('error' in ended) throw revivedError(ended.error);
  return ended.value;
});
