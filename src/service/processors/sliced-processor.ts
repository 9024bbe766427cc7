import { setImmediate as nextTurn } from 'node:timers/promises';
import { reportFault } from '../../errors/fault-report.js';
import { SessionError } from '../../errors/session-error.js';
import { diagnostics } from '../../measures/diagnostics.js';
import type { Sweep } from '../../measures/kinds.js';
import type { NodeMeasures } from '../../measures/node-measures.js';
import { nodesApp } from '../../store/session-arguments.js';
import type { SessionReference } from '../../store/session-record.js';
import type { Slice } from '../../store/session-store.js';
import type { Clock } from '../../time/clock.js';
import { Interval } from '../../time/interval.js';

/**
 * Background work that the store does slice by slice, in rounds. A round takes slices until no more work is due, and
 * yields to the event loop between them. The pause before the next round begins at the end of the round.
 */
export class SlicedProcessor<Item extends SessionReference> {
  readonly #interval: Interval;
  readonly #takeSlice: () => Promise<Slice<Item>>;
  readonly #report: (item: Item) => void;
  readonly #kind: Sweep;
  readonly #measures: NodeMeasures;
  #isStopped = false;

  /**
   * @param pauseMs pause between two rounds, in milliseconds
   * @param takeSlice makes the store do one slice of the work
   * @param report emits the event of one item of a slice
   * @param kind the kind under which the rounds are counted
   */
  constructor(
    clock: Clock,
    pauseMs: number,
    takeSlice: () => Promise<Slice<Item>>,
    report: (item: Item) => void,
    kind: Sweep,
    measures: NodeMeasures,
  ) {
    this.#kind = kind;
    this.#measures = measures;
    this.#takeSlice = takeSlice;
    this.#report = report;
    this.#interval = new Interval(clock, pauseMs, () => this.#roundOrFault());
  }

  /** Starts the rounds. The first round begins after a pause. */
  start(): void {
    this.#interval.start();
  }

  /** Begins no further slice. Resolves when the running slice has ended. */
  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#interval.stop();
  }

  /** Runs one full round now, in addition to the rounds of the interval. */
  protected async round(): Promise<void> {
    // Do not use the clock of the service, which counts whole milliseconds.
    const startedAt = performance.now();
    let count = 0;
    for (;;) {
      const { items, more } = await this.#takeSlice();
      const told = items.filter(({ app }) => app !== nodesApp);
      for (const item of told) this.#report(item);
      count += told.length;
      this.#measures.swept.add(this.#kind, told.length);
      if (!more || this.#isStopped) break;
      await nextTurn();
    }
    this.#count(count, performance.now() - startedAt);
  }

  #count(count: number, duration: number): void {
    const kind = this.#kind;
    this.#measures.sweepDuration.observe(kind, duration / 1000);
    if (diagnostics.sweep.isHeard) diagnostics.sweep.publish({ kind, count, duration });
  }

  async #roundOrFault(): Promise<void> {
    try {
      await this.round();
    } catch (error) {
      // An unavailable store already rejects the calls of every caller. The next round does the rest of the work.
      if (SessionError.is(error, 'STORE_UNAVAILABLE')) return;
      reportFault(`A round of ${this.constructor.name} failed`, error);
    }
  }
}
