import type { ReadRequest } from '../store/session-store.js';
import type { Waiter } from './waiter.js';

/** Returns the next read of a waiter. @param now the time by the clock of the waiter's deadline */
export function readRequestOf(waiter: Waiter, now: number): ReadRequest {
  const { reader, limit, streams, drains, epoch, offset, proof, generation, secretHash, readTicket } = waiter;
  const hasRead = epoch !== '';
  const goesOn = hasRead && streams;
  const read = {
    reader,
    // After its first read a waiter has its own position. The mailbox keeps the position of a draining poll.
    after: goesOn || (hasRead && !drains) ? { epoch, offset, proof } : waiter.after,
    limit,
    wait: waiter.holds ? Math.max(0, waiter.deadline - now) : 0,
    // Once the secret is proved, the read sends the generation instead: a rotation may replace the secret and keep the
    // polls.
    secretHash,
    generation,
    ticket: readTicket,
  };
  // Only streams need a copy; polls are read far more often.
  return goesOn ? { ...read, goesOn } : read;
}
