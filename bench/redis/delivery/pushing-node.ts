import { setTimeout as delay } from 'node:timers/promises';
import { inPromiseLanes } from '../../support/flight.js';
import { moment } from '../../support/latencies.js';
import { serveParent } from '../../support/rpc.js';
import { shuffledIndex } from '../../support/shuffle.js';
import { openNode } from '../node.js';
import { PUSHES_IN_FLIGHT, STEADY_RATE } from '../plan.js';
import { CallCounter } from './call-counter.js';

const [port = ''] = process.argv.slice(2);
const { manager, store } = await openNode(Number(port));
const counter = new CallCounter(store);
const text = 'x'.repeat(64);
let ids: readonly string[] = [];

const handlers = {
  /** Sets the sessions to push to, in a random order that repeats: each session polls again before its next push. */
  setSessions(sessions: readonly string[]): void {
    ids = Array.from(shuffledIndex(sessions.length), (n) => sessions[n] ?? '');
  },

  /** Pushes messages as fast as possible. */
  async pushAll(messages: number): Promise<void> {
    const turns = Array.from({ length: messages }, (_, n) => n);
    await inPromiseLanes(turns, PUSHES_IN_FLIGHT, push);
  },

  /** Pushes messages at a steady rate. Resolves with their number. */
  async pushSteadily(seconds: number): Promise<number> {
    const start = performance.now();
    const pushes: Promise<void>[] = [];
    for (let elapsed = 0; elapsed < seconds * 1_000; elapsed = performance.now() - start) {
      const due = (elapsed / 1_000) * STEADY_RATE;
      while (pushes.length < due) pushes.push(push(pushes.length));
      await delay(1);
    }
    await Promise.all(pushes);
    return pushes.length;
  },

  calls: (): number => counter.total,

  /** CPU time of this process in µs. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type PushingNode = typeof handlers;
serveParent(handlers);

async function push(turn: number): Promise<void> {
  const { accepted } = await manager.push(ids[turn % ids.length] ?? '', { sentAt: moment(), text });
  if (accepted !== 1) throw new Error('a message was not accepted');
}
