import type { Step } from './step.js';

/** A source from which a transaction takes its steps. */
export interface StepSource {
  /** Takes the next step; `undefined` when there is none. */
  take(): Step | undefined;
  /** Puts back the steps that were taken last, in their order, before all others. */
  putBack(steps: readonly Step[]): void;
}

/** Returns a source of that step alone. `putBack` does nothing: the caller itself still has the step. */
export function only(step: Step): StepSource {
  let left: Step | undefined = step;
  return {
    take: () => {
      const taken = left;
      left = undefined;
      return taken;
    },
    putBack: () => {},
  };
}

/**
 * The steps that wait for a transaction, first come first served. Looks and writes wait in separate lists, because only
 * looks are served while the write lock is refused. Adding, taking or putting back a step costs the same however many
 * steps wait: thousands of transactions may pass before the last step is served.
 */
export class WaitingSteps {
  readonly #looks = new StepList();
  readonly #writes = new StepList();
  readonly inOrder: StepSource = { take: () => this.takeNext(), putBack: (steps) => this.putBack(steps) };
  readonly looks: StepSource = { take: () => this.takeLook(), putBack: (steps) => this.putBack(steps) };
  readonly writes: StepSource = { take: () => this.#writes.takeFirst(), putBack: (steps) => this.putBack(steps) };
  #lastNumber = 0;

  get size(): number {
    return this.#looks.size + this.#writes.size;
  }

  get hasWrites(): boolean {
    return this.#writes.size > 0;
  }

  get hasLooks(): boolean {
    return this.#looks.size > 0;
  }

  add(step: Step): void {
    this.#lastNumber += 1;
    step.number = this.#lastNumber;
    this.#listOf(step).append(step);
  }

  /** Takes the step that has waited longest. */
  takeNext(): Step | undefined {
    const areLooksFirst = this.#looks.firstNumber < this.#writes.firstNumber;
    return (areLooksFirst ? this.#looks : this.#writes).takeFirst();
  }

  takeLook(): Step | undefined {
    return this.#looks.takeFirst();
  }

  putBack(steps: readonly Step[]): void {
    for (const step of steps.toReversed()) {
      // Less than the numbers of all waiting steps.
      step.number = Math.min(this.#looks.firstNumber, this.#writes.firstNumber, this.#lastNumber + 1) - 1;
      this.#listOf(step).prepend(step);
    }
  }

  #listOf({ kind }: Step): StepList {
    return kind === 'look' ? this.#looks : this.#writes;
  }
}

class StepList {
  #first: Step | undefined;
  #last: Step | undefined;
  size = 0;

  get firstNumber(): number {
    return this.#first?.number ?? Number.POSITIVE_INFINITY;
  }

  append(step: Step): void {
    if (this.#last === undefined) this.#first = step;
    else this.#last.next = step;
    this.#last = step;
    this.size += 1;
  }

  prepend(step: Step): void {
    step.next = this.#first;
    this.#first = step;
    this.#last ??= step;
    this.size += 1;
  }

  takeFirst(): Step | undefined {
    const step = this.#first;
    if (step === undefined) return undefined;
    this.#first = step.next;
    if (this.#first === undefined) this.#last = undefined;
    // If V8 has moved the taken step to the old generation, its link would keep all later steps alive, and move them
    // there, too, until a major collection finds that it is garbage.
    step.next = undefined;
    this.size -= 1;
    return step;
  }
}
