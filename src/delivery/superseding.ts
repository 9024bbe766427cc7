import { supersededBatch } from './answers.js';
import type { Deliveries } from './deliveries.js';
import type { Waiter } from './waiter.js';
import type { WaiterStates } from './waiter-states.js';

/**
 * Supersedes the older waiters of the same reader, and the waiters of the reader that the store evicted for this one. A
 * waiter of the evicted reader that has read again since then has a newer ticket, and stays.
 */
export function supersedeOthers(
  waiters: WaiterStates,
  deliveries: Deliveries,
  waiter: Waiter,
  evictedReader: string | undefined,
): void {
  const ofSession = waiters.of(waiter.id);
  if (ofSession.length === 1) return;
  for (const other of ofSession) {
    if (other.reader === evictedReader && other.readTicket < waiter.readTicket)
      supersede(waiters, deliveries, other, false);
    else if (other.isSameReader(waiter) && other.arrival < waiter.arrival) supersede(waiters, deliveries, other, true);
  }
}

/** @param mayBeParked whether the reader may still be parked for this node in the store */
export function supersede(waiters: WaiterStates, deliveries: Deliveries, waiter: Waiter, mayBeParked: boolean): void {
  if (waiter.state === 'parked') {
    waiter.owesRelease = mayBeParked;
    deliveries.last(waiter, supersededBatch(waiter));
  } else if (waiter.state === 'reading' || waiter.state === 'outdated') {
    waiters.move(waiter, 'superseded');
  }
}
