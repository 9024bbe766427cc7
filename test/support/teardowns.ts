/** Whatever can run functions at its end: AVA's `t`, or `Teardowns` for what the tests of a file share. */
export interface TeardownOwner {
  teardown(run: () => unknown): void;
}

/** Teardowns for what several tests share; `run` belongs into `test.after.always`. */
export class Teardowns implements TeardownOwner {
  readonly #functions: (() => unknown)[] = [];

  teardown(run: () => unknown): void {
    this.#functions.push(run);
  }

  /** Runs them one after the other, the last registered first. */
  async run(): Promise<void> {
    for (const each of this.#functions.splice(0).reverse()) await each();
  }
}
