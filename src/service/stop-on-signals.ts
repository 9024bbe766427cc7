import { constants } from 'node:os';

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
 * rejected. Further signals within a second of the first are ignored. A later signal exits immediately with 128 plus
 * the number of the signal, by the convention of shells.
 *
 * @param stop closes servers, calls `container.unbindAllAsync()`, and so on
 * @returns a function that removes the signal handlers
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  let stoppingSince: number | undefined;
  const handle = (signal: (typeof signals)[number]) => {
    // Do not use the wall clock, which may be set between two signals.
    const now = performance.now();
    if (stoppingSince !== undefined) {
      if (now - stoppingSince >= repeatMs) process.exit(128 + constants.signals[signal]);
      return;
    }
    stoppingSince = now;
    stop().then(
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
