import { Latencies, moment, type Percentiles } from '../../support/latencies.js';
import { serveParent } from '../../support/rpc.js';
import { openNode } from '../node.js';
import { accountOf, IP } from '../operations/subject.js';
import { CallCounter } from './call-counter.js';

/** Hold time longer than any measurement, so that no poll times out. */
const HOLD_TIME = 15 * 60_000;

const [port = ''] = process.argv.slice(2);
const { manager, store } = await openNode(Number(port), { pollTime: HOLD_TIME });
const counter = new CallCounter(store);
const latencies = new Latencies();
let received = 0;
let goal = Number.POSITIVE_INFINITY;
let reached: () => void = () => {};

const handlers = {
  /** Logs `count` accounts in, and polls for each of them from now on. */
  async open(count: number): Promise<readonly string[]> {
    const accounts = Array.from({ length: count }, (_, n) => accountOf(n));
    const sessions = await Promise.all(accounts.map((account) => manager.createSession(account, { ip: IP })));
    for (const { id } of sessions) void follow(id);
    return sessions.map(({ id }) => id);
  },

  /** Resolves when this number of messages has arrived since the start. */
  untilReceived(messages: number): Promise<void> {
    return new Promise((resolve) => {
      goal = messages;
      reached = resolve;
      if (received >= goal) resolve();
    });
  },

  received: (): number => received,
  latencies: (): Percentiles => latencies.take(),
  calls: (): number => counter.total,

  /** CPU time of this process in µs. */
  cpu(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
};

export type PollingNode = typeof handlers;
serveParent(handlers);

/** Throws the fault uncaught, so that it ends the process and the run. */
async function follow(id: string): Promise<never> {
  for (let cursor = ''; ; ) {
    const batch = await manager.poll(id, { after: cursor, wait: HOLD_TIME });
    if (batch.lost > 0 || batch.closed !== undefined) throw new Error(`a batch says ${JSON.stringify(batch)}`);
    for (const { data } of batch.messages) latencies.add(moment() - sentAtOf(data));
    received += batch.messages.length;
    if (received >= goal) reached();
    cursor = batch.cursor;
  }
}

function sentAtOf(data: unknown): number {
  if (typeof data === 'object' && data !== null && 'sentAt' in data) return Number(data.sentAt);
  throw new Error(`no message of this bench: ${JSON.stringify(data)}`);
}
