import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { inPromiseLanes } from '../../support/flight.js';
import { Latencies, moment, type Percentiles } from '../../support/latencies.js';
import { serveParent } from '../../support/rpc.js';
import { shuffledIndex } from '../../support/shuffle.js';
import { IN_FLIGHT, TEXT_SIZE } from '../plan.js';
import { openStore } from '../stores.js';

/** No poll may end by itself while it is being measured. */
const HOLD_TIME = 15 * 60_000;

const [name = '', folder = '', redisUrl = '', number = ''] = process.argv.slice(2);
const { manager } = await openStore(name, { folder, redisUrl }, { pollTime: HOLD_TIME });
const text = 'x'.repeat(TEXT_SIZE);
const latencies = new Latencies();
let targets: readonly string[] = [];
let received = 0;

const handlers = {
  /** Logs `count` accounts in, and polls for each of them from now on. */
  async open(count: number): Promise<readonly string[]> {
    const accounts = Array.from({ length: count }, (_, n) => `worker-${number}-account-${n}`);
    const sessions = await Promise.all(accounts.map((account) => manager.createSession(account)));
    for (const { id } of sessions) void follow(id);
    return sessions.map(({ id }) => id);
  },

  /** Sets the sessions to push to, in a random order that repeats: each session polls again before its next push. */
  setTargets(ids: readonly string[]): void {
    targets = Array.from(shuffledIndex(ids.length), (n) => ids[n] ?? '');
  },

  /**
   * Pushes the messages as fast as possible. Resolves with the 99th percentile of the milliseconds between two timer
   * checks of the event loop in this time; an idle loop checks once in a millisecond.
   */
  async pushAll(messages: number): Promise<number> {
    const turns = Array.from({ length: messages }, (_, n) => n);
    const loopDelay = monitorEventLoopDelay({ resolution: 1 });
    loopDelay.enable();
    await inPromiseLanes(turns, IN_FLIGHT, push);
    loopDelay.disable();
    return loopDelay.percentile(99) / 1_000_000;
  },

  /** Pushes messages at a steady rate. Resolves with their number. */
  async pushSteadily(seconds: number, rate: number): Promise<number> {
    const start = performance.now();
    const pushes: Promise<void>[] = [];
    for (let elapsed = 0; elapsed < seconds * 1_000; elapsed = performance.now() - start) {
      while (pushes.length < (elapsed / 1_000) * rate) pushes.push(push(pushes.length));
      await delay(1);
    }
    await Promise.all(pushes);
    return pushes.length;
  },

  /** Pushes as many messages as possible within this time. Resolves with their number. */
  async pushFor(seconds: number): Promise<number> {
    const endAt = performance.now() + seconds * 1_000;
    let pushed = 0;
    const lane = async (): Promise<void> => {
      while (performance.now() < endAt) await push(pushed++);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return pushed;
  },

  received: (): number => received,
  latencies: (): Percentiles => latencies.take(),

  /** Microseconds of CPU that this process has used so far. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type WorkerHandlers = typeof handlers;
serveParent(handlers);

/** Throws a fault uncaught, so that it ends the process and the run. */
async function follow(id: string): Promise<never> {
  for (let cursor = ''; ; ) {
    const batch = await manager.poll(id, { after: cursor, wait: HOLD_TIME });
    if (batch.lost > 0 || batch.closed !== undefined) throw new Error(`a batch says ${JSON.stringify(batch)}`);
    for (const { data } of batch.messages) latencies.add(moment() - sentAtOf(data));
    received += batch.messages.length;
    cursor = batch.cursor;
  }
}

async function push(turn: number): Promise<void> {
  const { accepted } = await manager.push(targets[turn % targets.length] ?? '', { sentAt: moment(), text });
  if (accepted !== 1) throw new Error('a message was not accepted');
}

function sentAtOf(data: unknown): number {
  if (typeof data === 'object' && data !== null && 'sentAt' in data) return Number(data.sentAt);
  throw new Error(`no message of this bench: ${JSON.stringify(data)}`);
}
