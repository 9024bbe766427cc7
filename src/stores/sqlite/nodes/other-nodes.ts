/** Milliseconds without a beat after which another node is given up. */
export const giveUpAfter = 20_000;
/** Milliseconds between two beats of this node. */
export const beatPause = 5_000;

interface Observation {
  readonly beat: number;
  /** Time at which this process first saw the beat, by its steady clock. */
  readonly since: number;
}

/**
 * Judges which nodes live: those whose beat continues. Each process measures the time by its own steady clock, so that
 * setting a wall clock makes no node look dead. Process ids are not used, because processes in different containers may
 * share the file.
 */
export class OtherNodes {
  readonly #observations = new Map<string, Observation>();

  /** Number of nodes that had a beat at the last observation. */
  get count(): number {
    return this.#observations.size;
  }

  /**
   * Records all beats.
   * @param steadyTime milliseconds of a clock that never steps
   * @returns the nodes whose beat has not changed for `giveUpAfter`
   */
  observe(beats: readonly (readonly [node: string, beat: number])[], steadyTime: number): readonly string[] {
    const gone: string[] = [];
    const present = new Set<string>();
    for (const [node, beat] of beats) {
      present.add(node);
      const observation = this.#observations.get(node);
      if (observation === undefined || observation.beat !== beat) {
        this.#observations.set(node, { beat, since: steadyTime });
      } else if (steadyTime - observation.since >= giveUpAfter) {
        gone.push(node);
      }
    }
    for (const node of this.#observations.keys()) if (!present.has(node)) this.#observations.delete(node);
    return gone;
  }
}
