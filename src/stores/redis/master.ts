import type { Redis } from 'ioredis';
import { inTime } from './in-time.js';
import { storeUnavailable } from './unavailable.js';

/**
 * First words of the errors with which a server reports that it is not the master, or not yet. The server has not
 * carried out a call that it refused with such an error. `UNBLOCKED` is different: it ends a wait for replicas,
 * after a write that may be lost.
 */
const refusals: ReadonlySet<string> = new Set(['READONLY', 'UNBLOCKED', 'LOADING', 'MASTERDOWN']);

/** Whether an error of the server means that the client must look for the master. */
export function isFromNoMaster(text: string): boolean {
  const [code = ''] = text.split(' ', 1);
  return refusals.has(code);
}

/**
 * Asks the server for its role. Even a connection that was made after a failover may lead to the old master.
 * @throws SessionError `STORE_UNAVAILABLE` when the server is a replica, or does not reply in time
 */
export async function requireMaster(client: Redis): Promise<void> {
  const info = await inTime(client.info('replication'));
  const [, role = 'unknown'] = /^role:(\w+)/m.exec(info) ?? [];
  if (role !== 'master') throw storeUnavailable(`READONLY The server reports role:${role}`);
}
