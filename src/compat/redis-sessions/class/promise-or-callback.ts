import type { Callback, Missing } from './types.js';

/** Returns the promise, or passes its result to the callback if there is one. */
export function promiseOrCallback<Result>(
  promise: Promise<Result>,
  callback: Callback<Result> | undefined,
): Promise<Result> | undefined {
  if (typeof callback !== 'function') return promise;
  // Call it in a microtask: an exception in the callback must reach the application, and must not cause a second call.
  promise.then(
    (result) => queueMicrotask(() => callback(null, result)),
    (error) => queueMicrotask(() => callback(error, undefined)),
  );
  return undefined;
}

/**
 * Like `promiseOrCallback`, for a result that may be missing: then the promise resolves with `null`, the callback gets
 * `{}`.
 */
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
