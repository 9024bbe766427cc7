export interface Blocking {
  readonly elapsed: number;
  /** The longest time for which the event loop was blocked, in ms. */
  readonly longestBlock: number;
}

/**
 * Probes with one immediate after another, because timers have a resolution of only a millisecond. The time between two
 * probes counts only up to the CPU time of this process: time that the system gave to other processes is no block.
 */
export async function measureBlocking(work: () => Promise<void>): Promise<Blocking> {
  let longestBlock = 0;
  let last = performance.now();
  let lastCpu = cpuTime();
  let running = true;
  const probe = (): void => {
    const now = performance.now();
    const cpu = cpuTime();
    longestBlock = Math.max(longestBlock, Math.min(now - last, cpu - lastCpu));
    last = now;
    lastCpu = cpu;
    if (running) setImmediate(probe);
  };
  setImmediate(probe);
  const start = performance.now();
  await work();
  const elapsed = performance.now() - start;
  await new Promise<void>((resolve) => setImmediate(resolve));
  running = false;
  return { elapsed, longestBlock };
}

function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
