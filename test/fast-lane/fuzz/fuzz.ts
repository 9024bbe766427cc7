import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuzzClient, settled } from './client.js';
import { type Step, scriptOf } from './scripts.js';
import { type FuzzSession, writeSessions } from './sessions.js';
import { openSide, type Side, type Variant } from './side.js';

export const variants: readonly Variant[] = [
  { name: 'defaults' },
  { name: 'connections that do not return', returns: false },
  { name: 'held polls', holds: true },
  { name: 'requests apart', apart: true },
  { name: 'held polls, requests apart', holds: true, apart: true },
  { name: 'no keep-alive timeout', settings: { keepAliveTimeout: 0 } },
  { name: 'small heads', server: { maxHeaderSize: 400 } },
  { name: 'ten headers', settings: { maxHeadersCount: 10 } },
  { name: 'a lenient parser', server: { insecureHTTPParser: true } },
  { name: 'joined duplicates', server: { joinDuplicateHeaders: true, requireHostHeader: false } },
];

export interface FuzzOptions {
  readonly seed: number;
  /** Number of simultaneous connections to each side. */
  readonly connections: number;
  /** Minimum number of requests to compare. */
  readonly requests: number;
  /** Number of the first batch. Used to repeat a batch. */
  readonly firstBatch?: number;
  readonly onProgress?: (report: FuzzReport) => void;
}

export interface FuzzReport {
  readonly batches: number;
  /** Number of requests, well-formed or not, that the server without a lane has answered. */
  readonly requests: number;
  /** Number of polls that the lane of the other server has taken. */
  readonly inLane: number;
}

/**
 * Sends the same bytes to a server with a lane and to a server without.
 * @throws Error at the first difference, with all data needed to repeat it
 */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const folder = await mkdtemp(join(tmpdir(), 'fuzz-lane-'));
  try {
    const snapshot = join(folder, 'sessions');
    const sessions = await writeSessions(snapshot, options.connections);
    const report = { batches: 0, requests: 0, inLane: 0 };
    for (let batch = options.firstBatch ?? 0; report.requests < options.requests; batch++) {
      const { requests, inLane } = await runBatch(folder, snapshot, sessions, options.seed, batch);
      report.batches += 1;
      report.requests += requests;
      report.inLane += inLane;
      options.onProgress?.(report);
    }
    return report;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runBatch(
  folder: string,
  snapshot: string,
  sessions: readonly FuzzSession[],
  seed: number,
  batch: number,
): Promise<Omit<FuzzReport, 'batches'>> {
  const variant = variants[batch % variants.length] ?? { name: 'defaults' };
  const sides: Side[] = [];
  for (const hasLane of [false, true]) {
    const own = join(folder, `${batch}-${sides.length}`);
    await copyFile(snapshot, own);
    sides.push(await openSide(own, variant, hasLane));
  }
  const [slow, fast] = sides;
  if (slow === undefined || fast === undefined) throw new Error('no sides');
  try {
    const scripts = sessions.map((session, n) => scriptOf(seed, batch * sessions.length + n, session, variant));
    const [without, withLane] = await Promise.all(
      [slow, fast].map(async (side) => await Promise.all(sessions.map(() => FuzzClient.open(side)))),
    );
    const pairs = (without ?? []).map((client, n) => new Pair(client, withLane?.[n] ?? client, scripts[n] ?? []));
    const where = `seed ${seed}, batch ${batch} (${variant.name}), Node ${process.versions.node}`;
    await play(pairs, sessions, [slow, fast], where);
    for (const pair of pairs) pair.close();
    compareLists(where, 'requests seen', slow.seen, fast.seen);
    compareLists(where, 'refused bearers', slow.refused, fast.refused);
    const requests = pairs.reduce((sum, pair) => sum + pair.answers, 0);
    return { requests, inLane: fast.lane() };
  } finally {
    await Promise.all(sides.map((side) => side.stop()));
  }
}

/** Plays the scripts. All connections take the same step at the same time. */
async function play(
  pairs: readonly Pair[],
  sessions: readonly FuzzSession[],
  sides: readonly [Side, Side],
  where: string,
): Promise<void> {
  const clients = pairs.flatMap((pair) => [pair.slow, pair.fast]);
  await settled(clients);
  const most = Math.max(...pairs.map((pair) => pair.script.length));
  for (let step = 0; step < most; step++) {
    for (const [n, pair] of pairs.entries()) {
      const next = pair.script[step];
      const id = sessions[n]?.id ?? '';
      if (next?.kind === 'push') for (const side of sides) void side.push(id, step);
      else if (next !== undefined) pair.take(next);
    }
    await settled(clients);
    for (const pair of pairs) {
      await pair.agrees();
      pair.compare(step, where);
    }
  }
  for (const client of clients) client.close();
  await turns(20);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Milliseconds for which a difference must last. */
const patience = 2_000;

/** Two clients with the same script, one at each side. */
class Pair {
  readonly slow: FuzzClient;
  readonly fast: FuzzClient;
  readonly script: readonly Step[];
  #compared = 0;

  constructor(slow: FuzzClient, fast: FuzzClient, script: readonly Step[]) {
    this.slow = slow;
    this.fast = fast;
    this.script = script;
  }

  /** Number of answers received. */
  get answers(): number {
    return this.slow.received.split('HTTP/1.1 ').length - 1;
  }

  take(step: Step): void {
    for (const client of [this.slow, this.fast]) {
      if (step.kind === 'send') client.send(step.bytes);
      else if (step.kind === 'end') client.end();
    }
  }

  /** Waits, at most for `patience`, until both are the same: on a busy machine the end of one connection may arrive later. */
  async agrees(): Promise<void> {
    const giveUpAt = performance.now() + patience;
    while (!this.#isSame && performance.now() < giveUpAt) await turns(1);
  }

  /** @throws Error when the two clients have received different answers */
  compare(step: number, where: string): void {
    const { slow, fast } = this;
    if (this.#isSame) {
      // Compare from the head of the last answer next time, so that the comparison does not begin within a date.
      this.#compared = Math.max(this.#compared, slow.received.lastIndexOf('HTTP/1.1 '));
      return;
    }
    const [slowTail, laneTail] = tails(withoutChance(slow.received), withoutChance(fast.received));
    const told = {
      where,
      script: this.script.slice(0, step + 1),
      slow: { closed: slow.isClosed, received: slowTail },
      lane: { closed: fast.isClosed, received: laneTail },
    };
    throw new Error(`The lane makes a difference: ${JSON.stringify(told, undefined, 2)}`);
  }

  get #isSame(): boolean {
    const { slow, fast } = this;
    return (
      slow.isClosed === fast.isClosed &&
      slow.received.length === fast.received.length &&
      withoutChance(slow.received.slice(this.#compared)) === withoutChance(fast.received.slice(this.#compared))
    );
  }

  close(): void {
    this.slow.close();
    this.fast.close();
  }
}

/** Removes the parts that may differ: the time of an answer, and the names of mailboxes in cursors. */
function withoutChance(text: string): string {
  return (
    text
      .replaceAll(/Date: [A-Z][a-z]{2}, [^\r]{21}GMT/g, 'Date: …')
      // Random, of four digits under the settings of the pair.
      .replaceAll(/"retry":\d{4}\b/g, '"retry":…')
      .replaceAll(/("cursor":"|\nid: )[a-z0-9]+\./g, '$1….')
  );
}

/** Returns the parts of two texts around their first difference. */
function tails(one: string, other: string): readonly [string, string] {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at++;
  const from = Math.max(0, at - 300);
  return [one.slice(from, at + 700), other.slice(from, at + 700)];
}

/** Compares lists over all connections. The order in the lists is left to chance, so it does not count. */
function compareLists(where: string, what: string, slow: readonly string[], fast: readonly string[]): void {
  const counts = new Map<string, number>();
  for (const each of slow) counts.set(plain(each), (counts.get(plain(each)) ?? 0) + 1);
  for (const each of fast) counts.set(plain(each), (counts.get(plain(each)) ?? 0) - 1);
  const different = [...counts].filter(([, count]) => count !== 0);
  if (different.length === 0) return;
  const told = different
    .slice(0, 20)
    .map(([each, count]) => `${count > 0 ? 'slow' : 'lane'} ${Math.abs(count)} × ${each}`);
  throw new Error(`The lane makes a difference in ${what} (${where}):\n${told.join('\n')}`);
}

/** Removes the question mark of an empty query, which the lane does not report. */
function plain(text: string): string {
  return text.endsWith('?') ? text.slice(0, -1) : text;
}
