const width = 30;
/** On a terminal, at most so often; elsewhere a line every so often. Milliseconds. */
const terminalPause = 100;
const linePause = 5_000;

/** Where it is shown, such as `process.stderr`. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Says how far something has come: a bar on a terminal, a line now and then elsewhere. */
export class ProgressLine {
  readonly #stream: ProgressStream;
  readonly #total: number;
  #shownAt: number;

  constructor(stream: ProgressStream, total: number, now: number) {
    this.#stream = stream;
    this.#total = total;
    this.#shownAt = now;
  }

  show(done: number, now: number): void {
    if (now - this.#shownAt < (this.#stream.isTTY ? terminalPause : linePause)) return;
    this.#shownAt = now;
    if (this.#stream.isTTY) this.#stream.write(`\r${this.#bar(done)}`);
    else this.#stream.write(`${done} of ${this.#total}\n`);
  }

  /** Makes room for other output. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }

  #bar(done: number): string {
    // Sessions may come while it runs.
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total);
    const filled = Math.round(share * width);
    return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.floor(share * 100)} % of ${this.#total}`;
  }
}
