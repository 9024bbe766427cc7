/** Counts by kind. The set of kinds is fixed, so that the object never grows. */
export class Tally<Kind extends string> {
  readonly #counts: Map<Kind, number>;

  /** @param kinds all kinds; each starts with the count 0: a monitor computes a rate only for a series that exists */
  constructor(kinds: readonly Kind[]) {
    this.#counts = new Map(kinds.map((kind) => [kind, 0]));
  }

  add(kind: Kind, count = 1): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  /** @returns a copy */
  read(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
