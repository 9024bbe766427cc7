/** Milliseconds for which an answer is cached. Limits the load of many scrapers on the store. */
const freshTime = 5_000;

/** The answer of a store to a question, at most some seconds old. Concurrent callers share one call. */
export class RecentAnswer<Value> {
  readonly #clock: { readonly now: number };
  readonly #ask: () => Promise<Value>;
  #answer: Promise<Value> | undefined;
  #isAnswered = false;
  #askedAt = 0;

  constructor(clock: { readonly now: number }, ask: () => Promise<Value>) {
    this.#clock = clock;
    this.#ask = ask;
  }

  /** Resolves with `undefined` if the call failed. The next call asks again. */
  async get(): Promise<Value | undefined> {
    try {
      return await this.#fresh();
    } catch {
      return undefined;
    }
  }

  #fresh(): Promise<Value> {
    const { now } = this.#clock;
    // A clock that was set back must not keep an old answer.
    const isOld = this.#isAnswered && Math.abs(now - this.#askedAt) >= freshTime;
    if (this.#answer !== undefined && !isOld) return this.#answer;
    const answer = this.#ask();
    this.#answer = answer;
    this.#isAnswered = false;
    answer.then(
      () => {
        this.#askedAt = now;
        this.#isAnswered = true;
      },
      () => {
        this.#answer = undefined;
      },
    );
    return answer;
  }
}
