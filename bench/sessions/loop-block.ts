export interface Blocking {
  readonly elapsed: number;
  /** The longest time the event loop was away, in ms. */
  readonly longestBlock: number;
}

/**
 * Probes with one immediate after another: finer than timers, whose own resolution is a millisecond. Of the time
 * between two probes only as much counts as this process was at work: what the system gave to others is no block of ours.
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
