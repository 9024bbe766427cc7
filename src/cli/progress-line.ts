import type { TextStream } from './terminal.js';

/** Characters of the bar. */
const width = 30;
/** Milliseconds between two updates, on a terminal and elsewhere. */
const terminalPause = 100;
const linePause = 5_000;

/** Shows how much is done: on a terminal as a bar that is redrawn, elsewhere as a line every few seconds. */
export class ProgressLine {
  readonly #stream: TextStream;
  readonly #total: number;
  #shownAt: number;

  /** @param now milliseconds on the clock of `show` */
  constructor(stream: TextStream, total: number, now: number) {
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

  /** Erases the bar, before other output. */
  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }

  #bar(done: number): string {
    // More can be done than was counted at the start.
    const share = this.#total === 0 ? 1 : Math.min(1, done / this.#total);
    const filled = Math.round(share * width);
    return `[${'#'.repeat(filled)}${'.'.repeat(width - filled)}] ${Math.floor(share * 100)} % of ${this.#total}`;
  }
}
