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
import { proofRules } from './proofs.js';
import { readerRules } from './readers.js';
import { readingRules } from './reading.js';
import { renewalRules } from './renewal.js';
import { replaceRules } from './replace.js';
import { rotationRules } from './rotation.js';
import type { DeclareRule } from './rule.js';
import { sessionRules } from './sessions.js';
import { checkFactory, SetupFault, type StoreFactory } from './store-setup.js';
import { streamingRules } from './streaming.js';
import { tombstoneRules } from './tombstones.js';
import { Trial } from './trial.js';

export { ManualClock } from './manual-clock.js';
export type { StoreFactory, StoreSetup } from './store-setup.js';

/** Options to run the suite with any test runner. */
export interface ConformanceOptions {
  /** Declares one test. */
  readonly test: (title: string, body: () => Promise<void>) => void;
  readonly create: StoreFactory;
  /**
   * The unit of time, in whole milliseconds. All durations in the suite are multiples of it. Use 1 for a store with a
   * `ManualClock`, which makes every deadline exact. For a store that really waits, use several times the delay of an
   * operation or a timer (300 on a machine that does other work, too), and at least the granularity of its expiry.
   */
  readonly timeUnit: number;
  /** Titles of the rules that this store breaks knowingly, with the reasons. An exemption fails if its rule holds. */
  readonly exemptions?: Readonly<Record<string, string>>;
}

const topics: readonly ((rule: DeclareRule, unit: number) => void)[] = [
  sessionRules,
  rotationRules,
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
  proofRules,
  readerRules,
  streamingRules,
  parkingRules,
  backgroundRules,
];

/**
 * Declares a test of `create`, and a test for each rule of the port `SessionStore`. If `create` resolves to something
 * wrong, only the test of `create` fails, and the rules are not run.
 */
export function testSessionStore({ test, create, timeUnit, exemptions = {} }: ConformanceOptions): void {
  const factory = new CheckedFactory(create, timeUnit);
  const declared = new Set<string>();
  const rule: DeclareRule = (title, body) => {
    const run = () => runRule(create, timeUnit, body);
    const reason = Object.hasOwn(exemptions, title) ? exemptions[title] : undefined;
    assert.ok(!declared.has(title), `two rules are called '${title}'`);
    declared.add(title);
    if (reason === undefined) test(title, () => factory.ifRight(run));
    else test(`exempt, because ${reason}: ${title}`, () => factory.ifRight(() => mustFail(run)));
  };
  test('create resolves to { store, advance, close }', () => factory.report());
  for (const topic of topics) topic(rule, timeUnit);
  for (const title of Object.keys(exemptions)) assert.ok(declared.has(title), `no rule is called '${title}'`);
}

/** Declares a test for each rule of `ChangeFeed`, for a store that implements it. */
export function testChangeFeed({
  test,
  create,
  timeUnit,
}: Pick<ConformanceOptions, 'test' | 'create' | 'timeUnit'>): void {
  const factory = new CheckedFactory(create, timeUnit);
  const feedOf = (store: SessionStore): ChangeFeed => {
    assert.ok(isChangeFeed(store), 'the store has no method watchChanges');
    return store;
  };
  const rule: DeclareRule = (title, body) => {
    test(title, () => factory.ifRight(() => runRule(create, timeUnit, body)));
  };
  changeFeedRules(rule, timeUnit, feedOf);
}

/** Checks the result of `create` once, before the first rule. */
class CheckedFactory {
  readonly #create: StoreFactory;
  readonly #unit: number;
  #checked: Promise<void> | undefined;
  #isReported = false;

  constructor(create: StoreFactory, unit: number) {
    assert.ok(typeof create === 'function', 'create must be a function');
    assert.ok(Number.isSafeInteger(unit) && unit > 0, 'timeUnit must be a positive whole number of milliseconds');
    this.#create = create;
    this.#unit = unit;
  }

  /** Rejects with the fault of the factory, if it has one. */
  report(): Promise<void> {
    this.#isReported = true;
    return this.#check();
  }

  /** Runs a rule; skips it if `report` has reported a faulty factory. @throws SetupFault when `report` was not called */
  async ifRight(run: () => Promise<void>): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      // Ignore any other error here: the rule meets it again.
      if (error instanceof SetupFault) {
        if (this.#isReported) return;
        throw error;
      }
    }
    await run();
  }

  #check(): Promise<void> {
    this.#checked ??= checkFactory(this.#create, calm(this.#unit));
    return this.#checked;
  }
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
  assert.ok(!holds, 'the rule holds: remove its exemption');
}

/** A context whose durations are so long that nothing expires in a test of another subject. */
function calm(unit: number): SessionContextOptions {
  const long = 10_000 * unit;
  return { gcTime: long, maxAge: 0, hbGrace: long, pollTime: long, tombstoneTime: long, maxSession: 0 };
}
