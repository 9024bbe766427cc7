import type { Callback, Missing } from './types.js';

/** Gives what a promise leads to in the style that the caller asked for: as the promise, or to the callback. */
export function promiseOrCallback<Result>(
  promise: Promise<Result>,
  callback: Callback<Result> | undefined,
): Promise<Result> | undefined {
  if (typeof callback !== 'function') return promise;
  // In a turn of its own: what a callback throws is the application's to handle, and no second answer.
  promise.then(
    (result) => queueMicrotask(() => callback(null, result)),
    (error) => queueMicrotask(() => callback(error, undefined)),
  );
  return undefined;
}

/** `answer`, where there may be nothing: the promise gives `null` then, and the callback gets `{}`. */
export function promiseOrCallbackIfFound<Result extends object>(
  promise: Promise<Result | null>,
  callback: Callback<Result | Missing> | undefined,
): Promise<Result | null> | undefined {
  if (typeof callback !== 'function') return promise;
  promiseOrCallback<Result | Missing>(
    promise.then((result) => result ?? {}),
    callback,
  );
  return undefined;
}
