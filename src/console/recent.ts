/** Keeps the latest items, up to a bound, newest first. */
export class Recent<Item> {
  readonly #most: number;
  readonly #items: Item[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(item: Item): void {
    this.#items.push(item);
    if (this.#items.length > this.#most) this.#items.shift();
  }

  latest(): readonly Item[] {
    return this.#items.toReversed();
  }
}
