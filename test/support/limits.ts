/*
 * How long tests wait for events. Every wait ends with its event; a limit only ends a wait whose event never comes, so
 * limits are generous. TEST_TIME_FACTOR multiplies all of them, for machines that are slower or busier still.
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
  /** For an event within this process, or between this process and a server that runs already. */
  event: 60_000 * factor,
  /** For processes to start, to stop, or to replace each other. */
  processes: 120_000 * factor,
  /** For a whole test. AVA's own limit counts the time without any finished test, over all tests of a run. */
  test: 300_000 * factor,
} as const;

/** Whether to run stress tests in full (`npm run test:storm`), rather than a sample of them. */
export const isStorm = process.env.STORM === '1';

/** The number of rounds of a stress test: `full` in a storm, else `sample`. */
export function rounds({ sample, full }: { readonly sample: number; readonly full: number }): number {
  return isStorm ? full : sample;
}
