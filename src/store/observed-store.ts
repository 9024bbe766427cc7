import { SessionError } from '../errors/session-error.js';
import { storeTracing } from '../measures/diagnostics.js';
import { type StoreOperation, storeOperations } from '../measures/kinds.js';
import type { NodeMeasures } from '../measures/node-measures.js';
import type { SessionStore } from './session-store.js';

const observed = new WeakSet<SessionStore>();

/**
 * Times and traces each operation of this store from now on. Replaces the operations of this one object: other stores
 * run without any overhead, and the observed store keeps its identity and its optional abilities. A second call for the
 * same store has no effect.
 */
export function observeOperations(store: SessionStore, measures: NodeMeasures): void {
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

/** Whether the operation yields chunks. Each chunk counts as a separate call, because the caller works between them. */
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

/** Returns the promise of the store itself, so that the caller has its result as early as without an observer. */
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

/** Whether the error is a fault of the store. A refusal, as for an unknown session, is none: the store works. */
function isFault(error: unknown): boolean {
  return !SessionError.is(error) || error.code === 'STORE_UNAVAILABLE';
}
