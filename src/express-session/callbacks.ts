import { invalidArgument } from '../errors/session-error.js';

/** Callback in the form that express-session passes. */
export type Callback<Result> = (error: unknown, result?: Result) => void;

/**
 * Passes the outcome of the promise to the callback, once.
 * @param failed receives an error before the callback does
 * @param pass calls the callback with the result; may do more before and after that call
 */
export function answer<Result>(
  promise: Promise<Result>,
  callback: Callback<Result>,
  failed: (error: unknown) => void,
  pass: (result: Result, succeed: (result: Result) => void) => void = (result, succeed) => succeed(result),
): undefined {
  promise.then(
    (result) => uncaught(() => pass(result, (given) => callback(null, given))),
    (error) => {
      failed(error);
      uncaught(() => callback(error));
    },
  );
}

/** Rethrows an exception of the callback as uncaught, as the application expects. It must not reject a promise. */
function uncaught(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireCallback(callback: unknown): void {
  if (callback === undefined || callback === null || typeof callback === 'function') return;
  throw invalidArgument('callback', 'must be a function, or left out to get a promise', callback);
}

/** Starts the operation synchronously and turns an exception into a rejection. */
export function start<Result>(operate: () => Promise<Result>): Promise<Result> {
  try {
    return operate();
  } catch (error) {
    return Promise.reject(error);
  }
}
