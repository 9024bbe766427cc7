/** With `STORM=1` the tests under random faults run as often as it takes to trust a release; else a few times. */
export function stormSize(few: number, many: number): number {
  return process.env.STORM === '1' ? many : few;
}

/** A deterministic source of numbers below `limit`, so that a failure can be repeated by its seed. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 0x1_0000_0000) * limit);
  };
}
