import { readFileSync } from 'node:fs';

export interface Memory {
  /** JavaScript objects alive, and the buffers they own. */
  readonly heap: number;
  /** JavaScript objects alive, and all that native code allocated for them: sockets, parsers, buffers. */
  readonly live: number;
  /** What the system gave the process, used or not. */
  readonly rss: number;
}

const NATIVE_HEAP = /\[heap\]\n(?:.*\n)*?Rss: +(\d+) kB/;

/** Needs `--expose-gc`. Twice, because the first collection may only queue finalizers that free the rest. */
export function memoryAfterGc(): Memory {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, live: heapUsed + nativeHeap(), rss };
}

/** The allocator's own segment, from Linux's account of the process; NaN where there is none. */
function nativeHeap(): number {
  if (process.platform !== 'linux') return Number.NaN;
  const kilobytes = NATIVE_HEAP.exec(readFileSync('/proc/self/smaps', 'utf8'))?.[1];
  return kilobytes === undefined ? Number.NaN : Number(kilobytes) * 1024;
}
