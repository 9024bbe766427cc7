interface Change {
  /** What was carried out from here to `to` may be forgotten. */
  readonly from: number;
  readonly to: number;
}

/**
 * When the store may have forgotten what was acknowledged: it went back to an earlier state of itself (a promoted replica, an
 * older file), or lost all (a killed process with the memory store).
 */
export class StoreChanges {
  readonly #goneBack: Change[] = [];
  readonly #emptied: number[] = [];
  readonly #silences: Change[] = [];

  get count(): number {
    return this.#goneBack.length + this.#emptied.length;
  }

  /** @param from the earliest time of the state that it may have gone back to */
  wentBack(from: number, to: number): void {
    this.#goneBack.push({ from, to });
  }

  emptied(at: number): void {
    this.#emptied.push(at);
  }

  /** A store that does not tell of the sessions that expire in this time. It is no change of history. */
  silent(from: number, to: number): void {
    this.#silences.push({ from, to });
  }

  wasSilent(from: number, to: number): boolean {
    return this.#silences.some((silence) => silence.from <= to && from <= silence.to);
  }

  /** Whether a step that was carried out between the two times may be undone. */
  mayUndo(from: number, to: number): boolean {
    return this.#goneBack.some((change) => change.from <= to && from <= change.to);
  }

  /** Whether a session that was created between the two times may be unknown. */
  mayForgetSession(from: number, to: number): boolean {
    return this.mayUndo(from, to) || this.#emptied.some((at) => from <= at);
  }
}
