/** Number of random faults: `many` with `STORM=1`, which suffices to trust a release; otherwise `few`. */
export function stormSize(few: number, many: number): number {
  return process.env.STORM === '1' ? many : few;
}

/** Returns a deterministic source of numbers below `limit`, so that a failure can be repeated with its seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}
