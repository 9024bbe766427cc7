import { invalidArgument } from '../errors/session-error.js';

/** Callback in the form that express-session passes. */
export type Callback<Result> = (error: unknown, result?: Result) => void;

/**
 * Passes the outcome of the promise to the callback, once.
 * @param failed is told of an error before the callback
 * @param pass calls the callback with the result; a caller may do more before and after that call
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

/** An exception of the callback is uncaught, as the application expects. It must not reject the chain of promises. */
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

/** Starts synchronously; an exception becomes a rejection. */
export function start<Result>(operate: () => Promise<Result>): Promise<Result> {
  try {
    return operate();
  } catch (error) {
    return Promise.reject(error);
  }
}
