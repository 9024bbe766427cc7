/** Milliseconds without a beat after which another node is given up. */
export const giveUpAfter = 20_000;
/** Milliseconds between two beats of this node. */
export const beatPause = 5_000;

interface Observation {
  readonly beat: number;
  /** When the beat was first seen, by this process's steady clock. */
  readonly since: number;
}

/**
 * Judges which of the other nodes live, by whether their beats go on. Each process measures that by its own steady
 * clock: a wall clock that is set makes no node look dead, and neither does a process id mean anything, because
 * processes in different containers may share the file.
 */
export class OtherNodes {
  readonly #observations = new Map<string, Observation>();

  /** How many nodes had a beat at the last observation. */
  get count(): number {
    return this.#observations.size;
  }

  /**
   * Takes note of all beats.
   * @param steadyTime milliseconds of a clock that never steps
   * @returns the nodes whose beat has stood still for `giveUpAfter`
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
