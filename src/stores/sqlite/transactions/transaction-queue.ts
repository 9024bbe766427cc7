import type { SessionError } from '../../../errors/session-error.js';
import { SqliteFault } from '../driver/sqlite-fault.js';
import { Step, type StepKind } from './step.js';
import { only, type StepSource, WaitingSteps } from './waiting-steps.js';

/** The part of the connection that the queue uses. Only `durable` is asynchronous. */
export interface TransactionScope {
  /** Begins a transaction that may write. Takes the write lock, or throws a `SqliteFault` whose `isBusy` is true. */
  beginWrite(): void;
  /** Begins a transaction that sees one state of the database and writes nothing. Throws a `SqliteFault`, too. */
  beginRead(): void;
  /** Writes what the steps deferred to the end of the transaction, and commits. May throw. */
  commit(): void;
  /** Rolls the transaction back and discards what its steps left behind. Never throws. */
  rollback(): void;
  /** Called after a commit: delivers the notices of the transaction. Never throws. */
  committed(): void;
  /** Whether other processes write as well, as far as this process knows. */
  readonly isContended: boolean;
  /** Resolves when everything committed before the call is durable. */
  durable(): Promise<void>;
  /** Returns the error that a caller gets for any error other than a `SessionError`. */
  errorOf(error: unknown): SessionError;
  /**
   * Milliseconds before the next transaction may begin, so that other processes get their turn or checkpoints keep up.
   * @param duration milliseconds that the last transaction took
   */
  pauseAfter(duration: number): number;
}

export interface QueueLimits {
  /** Milliseconds without the write lock after which writes fail. */
  readonly lockTimeout: number;
  /**
   * Milliseconds after which a transaction is committed even if more steps wait. The commit takes half as long again.
   * Default 2, or 3 while other processes write: their commits empty the page cache, so that beginning a transaction is
   * more expensive.
   */
  readonly longestTransaction?: number;
}

/**
 * Milliseconds until the next attempt to get the lock: the minimum, the most that is added to it, and the pause once
 * writes fail. As a rule, this process notices the end of the other process's transaction earlier: see `lockMayBeFree`.
 * An attempt in each turn of the event loop would notice it as early, but would take the core on which the other works.
 */
const attemptPause = 1;
const longestExtraPause = 3;
const latestPause = 10;

/**
 * Carries out the steps of the store in transactions. Steps requested in the same turn of the event loop share a
 * transaction. The queue never blocks to wait for the write lock: while another process holds it, writes queue up and
 * looks are still served.
 *
 * A step that throws a `SessionError` was refused and must have changed nothing: its transaction continues with the
 * other steps. Any other error rolls the transaction back, and each of its steps is retried in a separate transaction.
 */
export class TransactionQueue {
  readonly #scope: TransactionScope;
  readonly #lockTimeout: number;
  readonly #longestTransaction: number | undefined;
  readonly #waiting: WaitingSteps;
  #isScheduled = false;
  /** Number of the latest scheduled turn of the event loop. An attempt that runs earlier makes that turn void. */
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Earliest start of the next transaction; 0 for now. By `performance.now()`, like all times here. */
  #notBefore = 0;
  /** Time at which the lock was first refused; `undefined` while it is not refused. */
  #refusedSince: number | undefined;
  #attempts = 0;
  /** The lock was refused for `lockTimeout`. Until an attempt succeeds, every write fails after one more attempt. */
  #isLockedOut = false;
  /** Whether the latest attempt refused looks a lock, too. If not, the looks that still wait only ran out of time. */
  #areLooksRefused = false;
  #isStopped = false;
  #durabilityWaits = 0;
  #idle: (() => void)[] = [];

  constructor(
    scope: TransactionScope,
    { lockTimeout, longestTransaction }: QueueLimits,
    waiting: WaitingSteps = new WaitingSteps(),
  ) {
    this.#scope = scope;
    this.#lockTimeout = lockTimeout;
    this.#longestTransaction = longestTransaction;
    this.#waiting = waiting;
  }

  /**
   * @param work must be synchronous
   * @throws SessionError
   */
  run<Result>(kind: StepKind, work: () => Result): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      // `resolve` is called with what `work` of the same step returned.
      this.#waiting.add(new Step(kind, work, resolve as (value: unknown) => void, reject));
      this.#timer?.ref();
      if (!this.#isScheduled) this.#schedule(this.#notBefore === 0 ? 0 : this.#notBefore - performance.now());
    });
  }

  /**
   * Reports that the process that holds the lock is committing, or has just committed. If steps wait for the lock,
   * tries again immediately, because the lock would be unused during a pause. This attempt may be too early, so that it
   * does not lengthen the following pauses.
   */
  lockMayBeFree(): void {
    if (this.#refusedSince === undefined || this.#isLockedOut || !this.#isScheduled) return;
    clearTimeout(this.#timer);
    const attempts = this.#attempts;
    this.#serve();
    if (this.#refusedSince !== undefined) this.#attempts = attempts;
  }

  /** Resolves once every step requested so far has ended. */
  async settled(): Promise<void> {
    while (this.#waiting.size > 0 || this.#durabilityWaits > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** Resolves once every step has ended. No step may be requested after that. */
  async stop(): Promise<void> {
    await this.settled();
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #schedule(pause: number): void {
    if (this.#isStopped) return;
    this.#isScheduled = true;
    this.#turn += 1;
    if (pause <= 0) {
      const turn = this.#turn;
      setImmediate(() => {
        if (turn === this.#turn) this.#serve();
      });
    } else {
      this.#timer = setTimeout(() => this.#serve(), pause);
      // An attempt that no step waits for must not keep the process alive.
      if (this.#waiting.size === 0) this.#timer.unref();
    }
  }

  #serve(): void {
    this.#isScheduled = false;
    this.#turn += 1;
    this.#timer = undefined;
    const startedAt = performance.now();
    const isServed = this.#serveSteps(startedAt);
    if (isServed) {
      this.#refusedSince = undefined;
      this.#isLockedOut = false;
      this.#attempts = 0;
      const endedAt = performance.now();
      const pause = this.#scope.pauseAfter(endedAt - startedAt);
      this.#notBefore = pause === 0 ? 0 : endedAt + pause;
      if (this.#waiting.size > 0) this.#schedule(pause);
      else this.#tellIdle();
      return;
    }
    this.#noteRefusal(startedAt);
    if (this.#waiting.size > 0 || this.#isLockedOut) this.#schedule(this.#pauseBeforeNextAttempt());
    if (this.#waiting.size === 0) this.#tellIdle();
  }

  /** @returns false when a lock was refused */
  #serveSteps(startedAt: number): boolean {
    const isRead = !this.#isLockedOut && !this.#waiting.hasWrites;
    if (isRead) {
      this.#areLooksRefused = !this.#transact(this.#waiting.looks, startedAt, () => this.#scope.beginRead());
      return !this.#areLooksRefused;
    }
    if (this.#transact(this.#waiting.inOrder, startedAt, () => this.#scope.beginWrite())) return true;
    this.#areLooksRefused = !this.#serveLooks();
    return false;
  }

  /**
   * Serves looks while the write lock is refused. Looks that are refused a lock, too, wait and fail with the writes.
   * @returns false when a look was refused
   */
  #serveLooks(): boolean {
    // Do not count from the start of the attempt: after a slow one no look would be served, and looks would fail, too.
    const startedAt = performance.now();
    while (this.#waiting.hasLooks && performance.now() - startedAt < this.#longest) {
      if (!this.#transact(this.#waiting.looks, startedAt, () => this.#scope.beginRead())) return false;
    }
    return true;
  }

  #noteRefusal(now: number): void {
    this.#attempts += 1;
    this.#refusedSince ??= now;
    if (now - this.#refusedSince < this.#lockTimeout) return;
    this.#isLockedOut = true;
    const why = `another process has held the lock of the database for more than ${this.#lockTimeout} ms: end or resume that process`;
    this.#rejectAll(this.#areLooksRefused ? this.#waiting.inOrder : this.#waiting.writes, new Error(why));
  }

  #pauseBeforeNextAttempt(): number {
    if (this.#waiting.hasLooks && !this.#areLooksRefused) return 0;
    if (this.#isLockedOut) return latestPause;
    // Random, so that waiting processes do not collide again. Growing, so that many of them leave time to the holder.
    return attemptPause + Math.random() * Math.min(longestExtraPause, this.#attempts / 4);
  }

  /**
   * Carries out as many steps as fit into one transaction.
   * @returns false when the lock was refused, and nothing was done
   */
  #transact(steps: StepSource, startedAt: number, begin: () => void): boolean {
    const carriedOut: Step[] = [];
    let current: Step | undefined;
    let hasBegun = false;
    try {
      begin();
      hasBegun = true;
      const longest = this.#longest;
      for (current = steps.take(); current !== undefined; current = steps.take()) {
        current.carryOut();
        carriedOut.push(current);
        current = undefined;
        if (performance.now() - startedAt >= longest) break;
      }
      this.#scope.commit();
    } catch (error) {
      this.#scope.rollback();
      const tried = current === undefined ? carriedOut : [...carriedOut, current];
      if (carriedOut.length === 0 && error instanceof SqliteFault && error.isBusy) {
        steps.putBack(tried);
        return false;
      }
      // An error that keeps a transaction from beginning applies to all steps.
      if (!hasBegun) this.#rejectAll(steps, error);
      else if (tried.length > 1) this.#retryEach(tried, begin);
      else for (const { reject } of tried) reject(this.#scope.errorOf(error));
      return true;
    }
    this.#scope.committed();
    this.#answer(carriedOut);
    return true;
  }

  get #longest(): number {
    return this.#longestTransaction ?? (this.#scope.isContended ? 3 : 2);
  }

  #retryEach(steps: readonly Step[], begin: () => void): void {
    for (const [index, step] of steps.entries()) {
      if (this.#transact(only(step), performance.now(), begin)) continue;
      this.#waiting.putBack(steps.slice(index));
      return;
    }
  }

  #rejectAll(steps: StepSource, error: unknown): void {
    for (let step = steps.take(); step !== undefined; step = steps.take()) step.reject(this.#scope.errorOf(error));
  }

  #answer(steps: readonly Step[]): void {
    const changes: Step[] = [];
    for (const step of steps) {
      if (step.kind === 'change' && !step.isRefused) changes.push(step);
      else step.answer();
    }
    if (changes.length === 0) return;
    this.#durabilityWaits += 1;
    this.#scope.durable().then(
      () => {
        for (const step of changes) step.answer();
        this.#endDurabilityWait();
      },
      (error: unknown) => {
        for (const step of changes) step.reject(this.#scope.errorOf(error));
        this.#endDurabilityWait();
      },
    );
  }

  #endDurabilityWait(): void {
    this.#durabilityWaits -= 1;
    this.#tellIdle();
  }

  #tellIdle(): void {
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
