import { shuffledIndex } from '../support/shuffle.js';
import { UNANSWERED_LIMIT } from './plan.js';
import type { PollCounter } from './poll-counter.js';
import type { Publishing } from './poll-server.js';

/**
 * One message to every client, in random order, never to a client without a held poll: a pass takes each client once,
 * starts only when all polls are held, and goes on as clients poll again, with `UNANSWERED_LIMIT` away at most.
 */
export async function deliverUnicast(server: Publishing, polls: PollCounter, order: Uint32Array): Promise<void> {
  const before = polls.seen;
  let sent = 0;
  let scheduled = false;
  const pump = (): void => {
    scheduled = false;
    while (sent < order.length && sent - (polls.seen - before) < UNANSWERED_LIMIT) {
      void server.unicast(order[sent++] ?? 0);
    }
  };
  polls.onPoll = () => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(pump);
  };
  pump();
  await polls.reaches(before + order.length);
  polls.onPoll = () => {};
}

/** One message to all clients, and on to the next only when every one of them polls again. */
export async function deliverBroadcast(server: Publishing, polls: PollCounter, clients: number): Promise<void> {
  const answered = polls.reaches(polls.seen + clients);
  await server.broadcast();
  await answered;
}

/** A different random order for every pass, made off the clock. */
export function unicastOrders(clients: number, passes: number): Uint32Array[] {
  return Array.from({ length: passes }, (_, pass) => shuffledIndex(clients, pass + 1));
}
