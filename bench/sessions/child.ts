import { KeyVault } from '../support/key-vault.js';
import { memoryAfterGc } from '../support/memory.js';
import { serveParent } from '../support/rpc.js';
import { shuffledIndex } from '../support/shuffle.js';
import { type Blocking, measureBlocking } from './loop-block.js';
import { payloadOf } from './payload.js';
import { BATCH, planFor } from './plan.js';
import type { TimedRow } from './subject.js';
import { SUBJECTS } from './subjects/index.js';

const [name = '', size = '', mode = ''] = process.argv.slice(2);
const open = SUBJECTS[name];
if (open === undefined) throw new Error(`no subject ${JSON.stringify(name)}`);

const plan = planFor(Number(size), mode === 'quick');
const order = shuffledIndex(plan.sessions);
const subject = await open(plan.sessions);
const vault = new KeyVault(plan.sessions, subject.tokenWidth);
const WARM_UP_CALLS = 2 * BATCH;

let created = 0;
let heapBefore = 0;

const handlers = {
  /** Creates all sessions and returns creations per second. */
  async fill(): Promise<number> {
    heapBefore = memoryAfterGc().heap;
    while (created < plan.warmUp) await createBatch(plan.warmUp);
    let elapsed = 0;
    const timed = plan.sessions - created;
    while (created < plan.sessions) elapsed += await createBatch(plan.sessions);
    return (timed / elapsed) * 1000;
  },

  heapPerSession(): number {
    return (memoryAfterGc().heap - heapBefore) / plan.sessions;
  },

  /** Calls per second, or undefined where the subject has no such call. */
  async rate(row: TimedRow): Promise<number | undefined> {
    const run = subject.rows[row];
    if (run === undefined) return undefined;
    const calls = row === 'push' ? plan.pushes : plan.calls;
    const width = row === 'authenticate' ? subject.tokenWidth : subject.idWidth;
    const warmUp = Math.min(WARM_UP_CALLS, calls);
    for (let done = 0; done < warmUp; done += BATCH) await run(keys(done, Math.min(done + BATCH, warmUp), width));
    let elapsed = 0;
    for (let done = 0; done < calls; done += BATCH) {
      const batch = keys(done, Math.min(done + BATCH, calls), width);
      const start = performance.now();
      await run(batch);
      elapsed += performance.now() - start;
    }
    return (calls / elapsed) * 1000;
  },

  async sweep(): Promise<Blocking> {
    // A server sweeps every second from its start. The first sweep of a process would measure the JIT compiler instead.
    await expireFrom(0);
    await subject.sweep();
    await expireFrom(plan.expiring);
    globalThis.gc?.();
    const blocking = await measureBlocking(() => subject.sweep());
    const left = await subject.size();
    if (left !== undefined && left !== plan.sessions - 2 * plan.expiring) {
      throw new Error(`two sweeps of ${plan.expiring} expired sessions left ${left} of ${plan.sessions}`);
    }
    return blocking;
  },
};

export type SessionsChild = typeof handlers;
serveParent(handlers);

async function createBatch(until: number): Promise<number> {
  const size = Math.min(BATCH, until - created);
  const payloads = Array.from({ length: size }, (_, i) => payloadOf(created + i));
  const start = performance.now();
  const tokens = await subject.create(payloads);
  const elapsed = performance.now() - start;
  for (const token of tokens) vault.put(created++, token);
  return elapsed;
}

/** Fresh strings of the keys from place `start` to `end` of the random order, which wraps around. */
function keys(start: number, end: number, width: number): string[] {
  return Array.from({ length: end - start }, (_, i) => freshKey(start + i, width));
}

function freshKey(place: number, width: number): string {
  return vault.fresh(order[place % plan.sessions] ?? 0, width);
}

/**
 * Lets the sessions at the next places of the order expire by idle time, and keeps the sessions at all later places.
 */
async function expireFrom(place: number): Promise<void> {
  const end = place + plan.expiring;
  await subject.expire(keys(place, end, subject.idWidth), idsFrom(end));
}

function* idsFrom(start: number): Iterable<string> {
  for (let place = start; place < plan.sessions; place++) yield freshKey(place, subject.idWidth);
}
