/** Counts of what happened, by kind. The kinds are fixed, so that it never grows. */
export class Tally<Kind extends string> {
  readonly #counts: Map<Kind, number>;

  /** @param kinds all there are; each is counted as 0 before the first, because a monitor computes a rate of what was there */
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
