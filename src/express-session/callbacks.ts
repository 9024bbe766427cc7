import { invalidArgument } from '../errors/session-error.js';

/** How express-session asks to be answered. */
export type Callback<Result> = (error: unknown, result?: Result) => void;

/**
 * Answers the callback, once, or gives the promise when there is none.
 * @throws SessionError `INVALID_ARGUMENT` for a callback that can't be called
 */
export function answer<Result>(
  promise: Promise<Result>,
  callback: Callback<Result> | undefined,
  hand: (result: Result, receive: (result: Result) => void) => void = (result, receive) => receive(result),
): Promise<Result> | undefined {
  if (callback === undefined || callback === null) return promise;
  // In a turn of its own: what a callback throws is the application's to handle, and no reason to call it again.
  promise.then(
    (result) => queueMicrotask(() => hand(result, (given) => callback(null, given))),
    (error) => queueMicrotask(() => callback(error)),
  );
  return undefined;
}

/** @throws SessionError `INVALID_ARGUMENT` */
export function requireCallback(callback: unknown): void {
  if (callback === undefined || callback === null || typeof callback === 'function') return;
  throw invalidArgument('callback', 'must be a function, or left out for a promise', callback);
}
