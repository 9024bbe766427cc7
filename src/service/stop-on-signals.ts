import { constants } from 'node:os';

const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Stops the process gracefully at SIGTERM and SIGINT: calls `stop` once, then exits with 0, or with 1 if `stop` rejected.
 * A second signal exits at once, with 128 plus the number of the signal, as is the convention of shells.
 *
 * @param stop closes servers, calls `container.unbindAllAsync()`, and so on
 * @returns removes the signal handlers
 */
export function stopOnSignals(stop: () => Promise<void>): () => void {
  let isStopping = false;
  const handle = (signal: (typeof signals)[number]) => {
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
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
