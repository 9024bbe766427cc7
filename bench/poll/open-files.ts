import { readFileSync } from 'node:fs';

const LIMIT = /^Max open files +(\d+|unlimited)/m;
const UNKNOWN_LIMIT = 1024;
/** Descriptors for everything except clients' connections. */
const OTHERS = 300;

/** Descriptors that a process may have open. Node raises its own limit to the hard one. */
export function openFiles(): number {
  if (process.platform !== 'linux') return UNKNOWN_LIMIT;
  const limit = LIMIT.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return limit === 'unlimited' ? 1_048_576 : Number(limit ?? UNKNOWN_LIMIT);
}

/** Connections that one server process may hold here. */
export function mostConnections(): number {
  return openFiles() - OTHERS;
}
