interface Change {
  /** Writes between `from` and `to` may be forgotten. */
  readonly from: number;
  readonly to: number;
}

/**
 * The times at which the store may have forgotten acknowledged writes: it went back to an earlier state of itself (a
 * promoted replica, an older file), or lost everything (a killed process with the memory store).
 */
export class StoreChanges {
  readonly #goneBack: Change[] = [];
  readonly #emptied: number[] = [];
  readonly #silences: Change[] = [];

  get count(): number {
    return this.#goneBack.length + this.#emptied.length;
  }

  /** @param from the earliest time of the state to which the store may have gone back */
  wentBack(from: number, to: number): void {
    this.#goneBack.push({ from, to });
  }

  emptied(at: number): void {
    this.#emptied.push(at);
  }

  /** Records that the store does not report sessions that expire in this time. This is no change of history. */
  silent(from: number, to: number): void {
    this.#silences.push({ from, to });
  }

  wasSilent(from: number, to: number): boolean {
    return this.#silences.some((silence) => silence.from <= to && from <= silence.to);
  }

  /** Whether a step that was carried out between the two times may have been undone. */
  mayUndo(from: number, to: number): boolean {
    return this.#goneBack.some((change) => change.from <= to && from <= change.to);
  }

  /** Whether a session that was created between the two times may be unknown. */
  mayForgetSession(from: number, to: number): boolean {
    return this.mayUndo(from, to) || this.#emptied.some((at) => from <= at);
  }
}
