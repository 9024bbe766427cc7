import { invalidArgument } from '../errors/session-error.js';

/** Callback in the form that express-session passes. */
export type Callback<Result> = (error: unknown, result?: Result) => void;

/**
 * Passes the outcome of the promise to the callback, once; returns the promise when there is no callback.
 * @param pass calls the callback with the result; a caller may do more before and after that call
 */
export function answer<Result>(
  promise: Promise<Result>,
  callback: Callback<Result> | undefined,
  pass: (result: Result, succeed: (result: Result) => void) => void = (result, succeed) => succeed(result),
): Promise<Result> | undefined {
  if (callback === undefined || callback === null) return promise;
  // In a microtask of its own: an exception of the callback is uncaught, as the application expects. Thrown inside the
  // promise chain, it would reject that chain instead.
  promise.then(
    (result) => queueMicrotask(() => pass(result, (given) => callback(null, given))),
    (error) => queueMicrotask(() => callback(error)),
  );
  return undefined;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireCallback(callback: unknown): void {
  if (callback === undefined || callback === null || typeof callback === 'function') return;
  throw invalidArgument('callback', 'must be a function, or left out to get a promise', callback);
}
