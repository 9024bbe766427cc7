import { constants } from 'node:os';
import { invalidArgument } from '../errors/session-error.js';

/** A closed terminal sends SIGHUP. */
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/**
 * Milliseconds after the first signal within which further signals are the same request to stop. One Ctrl-C reaches the
 * process twice under `node --watch`, `tsx watch` and npm with bash: from the terminal, and forwarded by the parent
 * process.
 */
const repeatMs = 1_000;

/**
 * Stops the process gracefully at SIGTERM, SIGINT and SIGHUP: calls `stop` once, then exits with 0, or with 1 if `stop`
 * rejected or threw. Further signals within a second of the first are ignored. A later signal exits immediately with 128 plus
 * the number of the signal, by the convention of shells.
 *
 * @param stop closes servers, calls `container.unbindAllAsync()`, and so on
 * @returns a function that removes the signal handlers
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  if (typeof stop !== 'function') throw invalidArgument('stop', 'must be a function', stop);
  let stoppingSince: number | undefined;
  const handle = (signal: (typeof signals)[number]) => {
    // Do not use the wall clock, which may be set between two signals.
    const now = performance.now();
    if (stoppingSince !== undefined) {
      if (now - stoppingSince >= repeatMs) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSince = now;
    // A `stop` without types may return no promise, and may throw.
    new Promise((resolve) => resolve(stop())).then(
      () => process.exit(0),
      (error) => {
        console.error('Stopping failed:', error);
        process.exit(1);
      },
    );
  };
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}
