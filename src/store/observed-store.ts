import { SessionError } from '../errors/session-error.js';
import { storeTracing } from '../measures/diagnostics.js';
import { type StoreOperation, storeOperations } from '../measures/kinds.js';
import type { NodeMeasures } from '../measures/node-measures.js';
import type { SessionStore } from './session-store.js';

const observed = new WeakSet<SessionStore>();

/**
 * Times and traces each operation of this store from now on. The operations of this one object are replaced, so that a
 * store that is not observed runs as it was written, and one that is keeps its identity and its further abilities. A
 * second call for the same store has no further effect.
 */
export function observeStore(store: SessionStore, measures: NodeMeasures): void {
  if (observed.has(store)) return;
  observed.add(store);
  for (const operation of storeOperations) {
    const original: unknown = Reflect.get(store, operation);
    if (typeof original !== 'function') continue;
    const value = (...args: readonly unknown[]) => {
      const call = () => Reflect.apply(original, store, args);
      return isWalk(operation) ? observedWalk(measures, operation, call()) : observedCall(measures, operation, call);
    };
    Object.defineProperty(store, operation, { value, configurable: true, writable: true });
  }
}

/** Operations that give their result in chunks. Each chunk is a call of its own: the caller works between them. */
function isWalk(operation: StoreOperation): boolean {
  return operation === 'scanApp' || operation === 'endApp';
}

async function* observedWalk(
  measures: NodeMeasures,
  operation: StoreOperation,
  chunks: AsyncIterable<unknown>,
): AsyncIterable<unknown> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await observedCall(measures, operation, () => iterator.next());
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** The caller gets the store's own promise, so that it is answered no later than without an observer. */
function observedCall<Result>(
  measures: NodeMeasures,
  operation: StoreOperation,
  call: () => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  const ended = () => measures.storeLatency.observe(operation, (performance.now() - startedAt) / 1000);
  const promise = storeTracing.hasSubscribers ? storeTracing.tracePromise(call, { operation }) : call();
  promise.then(ended, (error: unknown) => {
    ended();
    if (isFault(error)) measures.storeErrors.add(operation);
  });
  return promise;
}

/** A store that refuses, such as an unknown session, works. */
function isFault(error: unknown): boolean {
  return !SessionError.is(error) || error.code === 'STORE_UNAVAILABLE';
}
