import { shuffledIndex } from '../support/shuffle.js';
import { UNANSWERED_LIMIT } from './plan.js';
import type { PollCounter } from './poll-counter.js';
import type { Publishing } from './poll-server.js';

/**
 * Sends one message to every client, in random order, never to a client without a held poll. A pass takes each client
 * once. It starts only when all polls are held, and continues as clients poll again, with at most `UNANSWERED_LIMIT`
 * clients that do not poll again yet.
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

/** Sends one message to all clients. Resolves only when all of them poll again. */
export async function deliverBroadcast(server: Publishing, polls: PollCounter, clients: number): Promise<void> {
  const answered = polls.reaches(polls.seen + clients);
  await server.broadcast();
  await answered;
}

/** A different random order for every pass, made before the timed part. */
export function unicastOrders(clients: number, passes: number): Uint32Array[] {
  return Array.from({ length: passes }, (_, pass) => shuffledIndex(clients, pass + 1));
}
