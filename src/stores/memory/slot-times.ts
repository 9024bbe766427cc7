/** Count of numbers per slot. They are adjacent, because a step that needs one of them nearly always needs others. */
const stride = 4;

/**
 * The times of each slot in milliseconds. Plain doubles take half the memory of numbers in objects and one cache line.
 */
export class SlotTimes {
  #times: Float64Array = new Float64Array(64 * stride);

  /** @param maxAge lifetime from creation; 0 for no limit */
  set(slot: number, createdAt: number, lastTime: number, lastContact: number, maxAge: number): void {
    const start = slot * stride;
    if (start >= this.#times.length) this.#grow();
    this.#times[start] = lastTime;
    this.#times[start + 1] = lastContact;
    this.#times[start + 2] = createdAt;
    this.#times[start + 3] = maxAge;
  }

  lastTime(slot: number): number {
    return this.#times[slot * stride] ?? 0;
  }

  setLastTime(slot: number, time: number): void {
    this.#times[slot * stride] = time;
  }

  lastContact(slot: number): number {
    return this.#times[slot * stride + 1] ?? 0;
  }

  setLastContact(slot: number, time: number): void {
    this.#times[slot * stride + 1] = time;
  }

  createdAt(slot: number): number {
    return this.#times[slot * stride + 2] ?? 0;
  }

  maxAge(slot: number): number {
    return this.#times[slot * stride + 3] ?? 0;
  }

  #grow(): void {
    const grown = new Float64Array(this.#times.length * 2);
    grown.set(this.#times);
    this.#times = grown;
  }
}
