import { once } from 'node:events';
import type { Server } from 'node:http';
import { HOLD_TIME } from './plan.js';

/** Listens on a free loopback port. The server closes no connection that is idle between two phases of a run. */
export async function listening(http: Server): Promise<void> {
  http.keepAliveTimeout = HOLD_TIME;
  http.requestTimeout = 0;
  http.listen(0, '127.0.0.1', 4096);
  await once(http, 'listening');
}
