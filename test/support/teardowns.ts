/** An object that runs functions at its end: AVA's `t`, or `Teardowns` for resources that the tests of a file share. */
export interface TeardownOwner {
  teardown(run: () => unknown): void;
}

/** Teardowns of resources that several tests share. Call `run` in `test.after.always`. */
export class Teardowns implements TeardownOwner {
  readonly #functions: (() => unknown)[] = [];

  teardown(run: () => unknown): void {
    this.#functions.push(run);
  }

  /** Runs the functions one after the other, in the reverse order of their registration. */
  async run(): Promise<void> {
    for (const each of this.#functions.splice(0).reverse()) await each();
  }
}
