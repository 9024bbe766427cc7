import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Waiter } from './waiter.js';
import type { WaiterStates } from './waiter-states.js';

/** Waiters visited in one turn of the event loop. */
const stepSize = 500;

/**
 * Calls `visit` for each parked waiter, in steps, until all were visited or `isOver` returns true between two steps.
 */
export async function forEachParked(
  waiters: WaiterStates,
  visit: (waiter: Waiter) => void,
  isOver: () => boolean,
): Promise<void> {
  let visited = 0;
  for (const id of waiters.sessionIds) {
    for (const waiter of waiters.of(id)) {
      if (waiter.state !== 'parked') continue;
      visit(waiter);
      visited += 1;
    }
    if (visited < stepSize) continue;
    visited = 0;
    await nextTurn();
    if (isOver()) return;
  }
}
