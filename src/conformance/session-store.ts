import assert from 'node:assert/strict';
import { type ChangeFeed, isChangeFeed, type SessionContextOptions, type SessionStore } from '../index.js';
import { appendRules } from './append.js';
import { attributeRules } from './attributes.js';
import { backgroundRules } from './background.js';
import { changeFeedRules } from './change-feed.js';
import { closingRules } from './closing.js';
import { expiryRules } from './expiry.js';
import { insertOnceRules } from './insert-once.js';
import { limitRules } from './limit.js';
import { listingRules } from './listing.js';
import { parkingRules } from './parking.js';
import { readerRules } from './readers.js';
import { readingRules } from './reading.js';
import { renewalRules } from './renewal.js';
import { replaceRules } from './replace.js';
import type { DeclareRule } from './rule.js';
import { sessionRules } from './sessions.js';
import { tombstoneRules } from './tombstones.js';
import { type StoreFactory, Trial } from './trial.js';

export { ManualClock } from './manual-clock.js';
export type { StoreFactory, StoreSetup } from './trial.js';

/** How to run the suite; any test runner will do. */
export interface ConformanceOptions {
  /** Declares one test of the runner's. */
  readonly test: (title: string, body: () => Promise<void>) => void;
  readonly create: StoreFactory;
  /**
   * The step of time, in milliseconds: every duration in the suite is a multiple of it. 1 for a store whose clock is
   * turned by hand, which makes every deadline exact; for one that really waits, several times what an operation and
   * a timer may be late (300 on a machine that does other work as well), and no less than the granularity of its expiry.
   */
  readonly timeUnit: number;
  /** Titles of rules that this store breaks knowingly, with the reason. A rule that holds nevertheless fails the run. */
  readonly exemptions?: Readonly<Record<string, string>>;
}

const topics: readonly ((rule: DeclareRule, unit: number) => void)[] = [
  sessionRules,
  attributeRules,
  limitRules,
  insertOnceRules,
  expiryRules,
  renewalRules,
  tombstoneRules,
  closingRules,
  replaceRules,
  listingRules,
  appendRules,
  readingRules,
  readerRules,
  parkingRules,
  backgroundRules,
];

/** Declares a test for each rule of the port `SessionStore`. */
export function testSessionStore({ test, create, timeUnit, exemptions = {} }: ConformanceOptions): void {
  const met = new Set<string>();
  const rule: DeclareRule = (title, body) => {
    const run = () => runRule(create, timeUnit, body);
    const reason = Object.hasOwn(exemptions, title) ? exemptions[title] : undefined;
    assert.ok(!met.has(title), `two rules are called '${title}'`);
    met.add(title);
    if (reason === undefined) test(title, run);
    else test(`exempt, because ${reason}: ${title}`, () => mustFail(run));
  };
  for (const topic of topics) topic(rule, timeUnit);
  for (const title of Object.keys(exemptions)) assert.ok(met.has(title), `no rule is called '${title}'`);
}

/** Declares a test for each rule of `ChangeFeed`, for a store that has it. */
export function testChangeFeed({
  test,
  create,
  timeUnit,
}: Pick<ConformanceOptions, 'test' | 'create' | 'timeUnit'>): void {
  const feedOf = (store: SessionStore): ChangeFeed => {
    assert.ok(isChangeFeed(store), 'the store can tell of changes');
    return store;
  };
  changeFeedRules((title, body) => test(title, () => runRule(create, timeUnit, body)), timeUnit, feedOf);
}

async function runRule(create: StoreFactory, unit: number, body: Parameters<DeclareRule>[1]): Promise<void> {
  const trials: Trial[] = [];
  try {
    await body(async (options = {}) => {
      const context: SessionContextOptions = { ...calm(unit), ...options };
      const trial = new Trial(await create(context), unit, context);
      trials.push(trial);
      await trial.store.open(trial);
      return trial;
    });
  } finally {
    for (const trial of trials) await trial.close();
  }
}

async function mustFail(run: () => Promise<void>): Promise<void> {
  const holds = await run().then(
    () => true,
    () => false,
  );
  assert.ok(!holds, 'the rule holds: its exemption can go');
}

/** So long that nothing happens by itself in a test that is about something else. */
function calm(unit: number): SessionContextOptions {
  const long = 10_000 * unit;
  return { gcTime: long, maxAge: 0, hbGrace: long, pollTime: long, tombstoneTime: long, maxSession: 0 };
}
