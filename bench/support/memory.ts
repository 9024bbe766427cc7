import { readFileSync } from 'node:fs';

export interface Memory {
  /** Live JavaScript objects, and the buffers that they own. */
  readonly heap: number;
  /** Live JavaScript objects, and the memory that native code allocated for them: sockets, parsers, buffers. */
  readonly live: number;
  /** Memory that the system gave the process, whether used or not. */
  readonly rss: number;
}

const NATIVE_HEAP = /\[heap\]\n(?:.*\n)*?Rss: +(\d+) kB/;

/** Needs `--expose-gc`. Collects twice, because the first collection may only queue finalizers that free the rest. */
export function memoryAfterGc(): Memory {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc');
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heap: heapUsed + external, live: heapUsed + nativeHeap(), rss };
}

/** Size of the allocator's own segment, from Linux's figures of the process; NaN if there are none. */
function nativeHeap(): number {
  if (process.platform !== 'linux') return Number.NaN;
  const kilobytes = NATIVE_HEAP.exec(readFileSync('/proc/self/smaps', 'utf8'))?.[1];
  return kilobytes === undefined ? Number.NaN : Number(kilobytes) * 1024;
}
