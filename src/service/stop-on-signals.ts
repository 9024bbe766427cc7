import { constants } from 'node:os';

const signals = ['SIGTERM', 'SIGINT'] as const;

/**
 * Stops the process gracefully at SIGTERM and SIGINT: `stop` runs once, then the process exits with 0, or with 1 when
 * `stop` rejected. A second signal exits at once, with 128 and the signal's number, as shells have it.
 *
 * @param stop what to do before, such as closing servers and `container.unbindAllAsync()`
 * @returns takes the handlers away again
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
