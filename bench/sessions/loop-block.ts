export interface Blocking {
  readonly elapsed: number;
  /** The longest time the event loop was away, in ms. */
  readonly longestBlock: number;
}

/** Probes with one immediate after another: finer than timers, whose own resolution is a millisecond. */
export async function measureBlocking(work: () => Promise<void>): Promise<Blocking> {
  let longestBlock = 0;
  let last = performance.now();
  let running = true;
  const probe = (): void => {
    const now = performance.now();
    longestBlock = Math.max(longestBlock, now - last);
    last = now;
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
