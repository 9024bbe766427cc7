import { parentPort } from 'node:worker_threads';
import type { Numbered } from '../../nodes/forked-process.js';
import { type ServiceOrder, serviceOnOrder } from '../../nodes/start-service.js';
import { plainError } from '../../nodes/wire.js';

/** One thread that runs the service. */

const carryOut = serviceOnOrder();
parentPort?.on('message', ({ call, order }: Numbered<ServiceOrder>) => {
  carryOut(order).then(
    (value) => parentPort?.postMessage({ call, outcome: { value } }),
    (error) => parentPort?.postMessage({ call, outcome: { error: plainError(error) } }),
  );
});
