import { reportFault } from './fault-report.js';

/**
 * Wraps a callback that Node or a library calls: an event listener or a timer. An exception that leaves such a callback
 * ends the process, so it is reported as a process warning instead.
 *
 * @param what text of the warning, such as "A watcher of changes threw"
 */
export function guarded<Args extends readonly unknown[]>(
  what: string,
  callback: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      callback(...args);
    } catch (error) {
      reportFault(what, error);
    }
  };
}
