import { SessionError } from '../../../errors/session-error.js';

/**
 * `look` changes nothing and needs no write lock. `contact` is acknowledged as soon as it is committed. `change` is
 * acknowledged once it is as durable as the store promises.
 */
export type StepKind = 'look' | 'contact' | 'change';

/**
 * A unit of work that a caller of the store requested. One object from the request to the answer: a separate object for
 * its place in the queue and another for its outcome would be garbage of every call.
 */
export class Step {
  readonly kind: StepKind;
  readonly #work: () => unknown;
  readonly #resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Only for `WaitingSteps`, like the next field. */
  number = 0;
  next: Step | undefined = undefined;
  /** The value that the work returned, or the error with which it was refused. */
  #value: unknown = undefined;
  #refusal: SessionError | undefined = undefined;

  constructor(kind: StepKind, work: () => unknown, resolve: (value: unknown) => void, reject: (error: Error) => void) {
    this.kind = kind;
    this.#work = work;
    this.#resolve = resolve;
    this.reject = reject;
  }

  get isRefused(): boolean {
    return this.#refusal !== undefined;
  }

  /** Does the work. Keeps its value, or a `SessionError`, for the answer. @throws any other error */
  carryOut(): void {
    this.#refusal = undefined;
    try {
      this.#value = this.#work();
    } catch (error) {
      if (!SessionError.is(error)) throw error;
      this.#refusal = error;
    }
  }

  /** Gives the caller the outcome of `carryOut`. */
  answer(): void {
    if (this.#refusal === undefined) this.#resolve(this.#value);
    else this.reject(this.#refusal);
  }
}
