export interface Memory {
  /** JavaScript heap plus what it owns outside (buffers), after a full collection. */
  readonly heap: number;
  readonly rss: number;
}

/** Needs `--expose-gc`. Twice, because the first collection may only queue finalizers that free the rest. */
export function memoryAfterGc(): Memory {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, rss };
}
