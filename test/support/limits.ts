/*
 * Limits for the time that tests wait for events. A limit only ends a wait whose event never happens, so that limits can
 * be generous. TEST_TIME_FACTOR multiplies all limits, for machines that are even slower or busier.
 */

function factorFrom(text: string | undefined): number {
  if (text === undefined || text === '') return 1;
  const factor = Number(text);
  if (Number.isFinite(factor) && factor > 0) return factor;
  throw new RangeError(`TEST_TIME_FACTOR must be a number above 0; got ${text}`);
}

const factor = factorFrom(process.env.TEST_TIME_FACTOR);

/** Limits in milliseconds. */
export const limits = {
  /** For an event in this process, or between this process and a running server. */
  event: 60_000 * factor,
  /** For processes to start, to stop, or to replace each other. */
  processes: 120_000 * factor,
  /** For a whole test. AVA's own limit counts the time without any finished test, over all tests of a run. */
  test: 300_000 * factor,
} as const;

/** Whether to run stress tests in full (`npm run test:storm`) instead of a sample. */
export const isStorm = process.env.STORM === '1';

/** Number of rounds of a stress test: `full` in a storm, otherwise `sample`. */
export function rounds({ sample, full }: { readonly sample: number; readonly full: number }): number {
  return isStorm ? full : sample;
}
