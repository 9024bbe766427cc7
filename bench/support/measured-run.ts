import { inPromiseLanes } from './flight.js';

/** Time and CPU that one run took in this process. */
export interface Run {
  /** In ms. */
  readonly elapsed: number;
  /** All threads of the process, user and system, in µs. */
  readonly cpu: number;
}

/** Makes one call for each item, with a fixed number of concurrent calls. */
export async function measured<T extends NonNullable<unknown>>(
  items: readonly T[],
  lanes: number,
  call: (item: T) => Promise<unknown>,
): Promise<Run> {
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  await inPromiseLanes(items, lanes, call);
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { elapsed, cpu: user + system };
}
