/**
 * Keys kept as bytes outside the JavaScript heap. A server meets its keys as new strings from its sockets, without a
 * cached hash and never the very object that the store holds; and a harness that kept the strings would pay for the
 * store's memory in part.
 */
export class KeyVault {
  readonly #bytes: Buffer;
  readonly #width: number;

  constructor(size: number, width: number) {
    this.#bytes = Buffer.alloc(size * width);
    this.#width = width;
  }

  put(n: number, key: string): void {
    if (key.length !== this.#width) throw new Error(`keys are ${this.#width} characters, got ${key.length}`);
    this.#bytes.write(key, n * this.#width, 'latin1');
  }

  fresh(n: number, width: number): string {
    const start = n * this.#width;
    return this.#bytes.toString('latin1', start, start + width);
  }
}
