/**
 * Keeps keys as bytes outside the JavaScript heap. A server receives its keys as new strings from its sockets: they
 * have no cached hash, and are never the string object that the store holds. If the harness kept the strings, the store
 * would share their memory, and its heap figures would be too low.
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
