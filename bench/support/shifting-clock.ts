import { SystemClock } from '../../src/index.js';

/** The real clock, which can be set forward, so that expiry is measured without waiting for it. */
export class ShiftingClock extends SystemClock {
  #shift = 0;

  override now(): number {
    return super.now() + this.#shift;
  }

  advance(milliseconds: number): void {
    this.#shift += milliseconds;
  }
}
