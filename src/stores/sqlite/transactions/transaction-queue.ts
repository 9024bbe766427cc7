import { SessionError } from '../../../errors/session-error.js';
import { SqliteFault } from '../driver/sqlite-fault.js';

/**
 * `look` changes nothing and needs no write lock. `contact` is acknowledged as soon as it is committed. `change` is
 * acknowledged once it is as durable as the store promises.
 */
export type StepKind = 'look' | 'contact' | 'change';

/** The connection as the queue uses it. All methods are synchronous; the first two throw a `SqliteFault`. */
export interface TransactionScope {
  /** Begins a transaction that may write, and takes the write lock or throws a fault that `isBusy`. */
  beginWrite(): void;
  /** Begins a transaction that sees one state of the database and writes nothing. */
  beginRead(): void;
  /** Writes what the steps left to the end, and commits. */
  commit(): void;
  /** Undoes the transaction and forgets what its steps left behind. Never throws. */
  rollback(): void;
  /** Tells of what was committed. Never throws. */
  committed(): void;
  /** Resolves when everything committed before the call is durable. */
  durable(): Promise<void>;
  /** The error that a caller gets for any error but a `SessionError`. */
  errorOf(error: unknown): SessionError;
  /**
   * Milliseconds before the next transaction may begin, so that other processes get their turn or checkpoints keep up.
   * @param duration milliseconds that the last one took
   */
  pauseAfter(duration: number): number;
}

export interface QueueLimits {
  /** Milliseconds without the write lock after which writes fail. */
  readonly lockTimeout: number;
}

/** Milliseconds after which a transaction is committed though more steps wait. The commit takes half as long again. */
const longestTransaction = 2;
/**
 * Milliseconds until the next attempt to get the lock, and once writes fail. The end of the other process's transaction
 * is noticed before, as a rule: see `lockMayBeFree`. Turns of the event loop would notice it as soon, but the core that
 * they take is what the other process works on.
 */
const attemptPause = 1;
const longestExtraPause = 3;
const latestPause = 10;

interface Step {
  readonly kind: StepKind;
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Outcome {
  readonly step: Step;
  readonly value?: unknown;
  readonly error?: SessionError;
}

/**
 * Carries out the steps of the store in transactions. Steps asked for in one turn of the event loop share one; the
 * write lock is never waited for by blocking: while another process holds it, steps gather and looks are served.
 *
 * A step that throws a `SessionError` was refused and must have changed nothing: the others of its transaction go on.
 * Any other error undoes the transaction, and each of its steps is tried once more in a transaction of its own.
 */
export class TransactionQueue {
  readonly #scope: TransactionScope;
  readonly #lockTimeout: number;
  #steps: Step[] = [];
  #isScheduled = false;
  /** Which of the turns of the event loop that were asked for is wanted: an earlier attempt makes the later void. */
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  /** No transaction begins before. By `performance.now()`, as all times here. */
  #notBefore = 0;
  /** When the lock was first refused; `undefined` while it is not. */
  #refusedSince: number | undefined;
  #attempts = 0;
  /** The lock was refused for `lockTimeout`. Until an attempt succeeds, every write fails after one more attempt. */
  #isLockedOut = false;
  #isStopped = false;
  #durabilityWaits = 0;
  #idle: (() => void)[] = [];

  constructor(scope: TransactionScope, { lockTimeout }: QueueLimits) {
    this.#scope = scope;
    this.#lockTimeout = lockTimeout;
  }

  /**
   * @param work synchronous
   * @throws SessionError
   */
  run<Result>(kind: StepKind, work: () => Result): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      // `resolve` is called with what `work` of the same step returned.
      this.#steps.push({ kind, work, resolve: resolve as (value: unknown) => void, reject });
      this.#timer?.ref();
      if (!this.#isScheduled) this.#schedule(this.#notBefore === 0 ? 0 : this.#notBefore - performance.now());
    });
  }

  /**
   * The process that holds the lock is committing, or has just done so. Tries again now if steps wait for the lock: a
   * pause would leave it unused. Such an attempt may come too early, and lengthens no pause.
   */
  lockMayBeFree(): void {
    if (this.#refusedSince === undefined || this.#isLockedOut || !this.#isScheduled) return;
    clearTimeout(this.#timer);
    const attempts = this.#attempts;
    this.#serve();
    if (this.#refusedSince !== undefined) this.#attempts = attempts;
  }

  /** Resolves once every step asked for so far has ended. */
  async settled(): Promise<void> {
    while (this.#steps.length > 0 || this.#durabilityWaits > 0) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** No step is asked for any more. */
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
      if (this.#steps.length === 0) this.#timer.unref();
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
      if (this.#steps.length > 0) this.#schedule(pause);
      else this.#tellIdle();
      return;
    }
    this.#noteRefusal(startedAt);
    if (this.#steps.length > 0 || this.#isLockedOut) this.#schedule(this.#pauseBeforeNextAttempt());
    if (this.#steps.length === 0) this.#tellIdle();
  }

  /** @returns false when a lock was refused */
  #serveSteps(startedAt: number): boolean {
    const isRead = !this.#isLockedOut && this.#steps.every(({ kind }) => kind === 'look');
    if (isRead) return this.#transact(startedAt, () => this.#scope.beginRead());
    if (this.#transact(startedAt, () => this.#scope.beginWrite())) return true;
    this.#serveLooks();
    return false;
  }

  /** Looks that are refused a lock as well wait with the writes, and fail with them. */
  #serveLooks(): void {
    // Not the time of the attempt: after a slow one no look would be served, and looks would fail with the writes.
    const startedAt = performance.now();
    const writes = this.#steps.filter(({ kind }) => kind !== 'look');
    this.#steps = this.#steps.filter(({ kind }) => kind === 'look');
    while (this.#steps.length > 0 && performance.now() - startedAt < longestTransaction) {
      if (!this.#transact(startedAt, () => this.#scope.beginRead())) break;
    }
    this.#steps = [...writes, ...this.#steps];
  }

  #noteRefusal(now: number): void {
    this.#attempts += 1;
    this.#refusedSince ??= now;
    if (now - this.#refusedSince < this.#lockTimeout) return;
    this.#isLockedOut = true;
    const failed = this.#steps;
    this.#steps = [];
    const why = `another process has held the lock of the database for more than ${this.#lockTimeout} ms: end that process, or let it go on`;
    for (const { reject } of failed) reject(this.#scope.errorOf(new Error(why)));
  }

  #pauseBeforeNextAttempt(): number {
    if (this.#isLockedOut) return latestPause;
    // At random, so that processes which wait do not meet again; longer, so that many of them leave time to the holder.
    return attemptPause + Math.random() * Math.min(longestExtraPause, this.#attempts / 4);
  }

  /**
   * Carries out as many of the steps as fit into one transaction, and takes them off the queue.
   * @returns false when the lock was refused, and nothing was done
   */
  #transact(startedAt: number, begin: () => void): boolean {
    const steps = this.#steps;
    const outcomes: Outcome[] = [];
    let hasBegun = false;
    try {
      begin();
      hasBegun = true;
      for (const step of steps) {
        outcomes.push(carryOut(step));
        if (performance.now() - startedAt >= longestTransaction) break;
      }
      this.#scope.commit();
    } catch (error) {
      this.#scope.rollback();
      if (outcomes.length === 0 && error instanceof SqliteFault && error.isBusy) return false;
      // What keeps a transaction from beginning is the same for all steps.
      const tried = hasBegun ? steps.slice(0, outcomes.length + 1) : steps;
      this.#steps = [];
      if (!hasBegun || tried.length === 1) for (const { reject } of tried) reject(this.#scope.errorOf(error));
      else this.#retryEach(tried, begin);
      this.#steps = [...this.#steps, ...steps.slice(tried.length)];
      return true;
    }
    this.#steps = steps.slice(outcomes.length);
    this.#scope.committed();
    this.#answer(outcomes);
    return true;
  }

  #retryEach(steps: readonly Step[], begin: () => void): void {
    const refused: Step[] = [];
    for (const step of steps) {
      this.#steps = [step];
      if (!this.#transact(performance.now(), begin)) refused.push(step);
    }
    this.#steps = refused;
  }

  #answer(outcomes: readonly Outcome[]): void {
    const changes: Outcome[] = [];
    for (const outcome of outcomes) {
      if (outcome.error !== undefined) outcome.step.reject(outcome.error);
      else if (outcome.step.kind === 'change') changes.push(outcome);
      else outcome.step.resolve(outcome.value);
    }
    if (changes.length === 0) return;
    this.#durabilityWaits += 1;
    this.#scope.durable().then(
      () => {
        for (const { step, value } of changes) step.resolve(value);
        this.#endDurabilityWait();
      },
      (error: unknown) => {
        for (const { step } of changes) step.reject(this.#scope.errorOf(error));
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

/** @throws any error but a `SessionError` */
function carryOut(step: Step): Outcome {
  try {
    return { step, value: step.work() };
  } catch (error) {
    if (SessionError.is(error)) return { step, error };
    throw error;
  }
}
