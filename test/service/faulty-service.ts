import type { ExecutionContext } from 'ava';
import type { SessionContextOptions } from '../../src/index.js';
import { bindStore, type Service, startService } from '../support/service.js';
import { FaultyStore } from './faulty-store.js';

/** Starts a service on a store whose background work can fail on request. */
export async function startFaultyService(
  t: ExecutionContext,
  context: SessionContextOptions,
): Promise<Service & { readonly store: FaultyStore }> {
  let store: FaultyStore | undefined;
  const binding = bindStore((...args) => {
    store = new FaultyStore(...args);
    return store;
  });
  const service = await startService(t, context, { store: binding });
  if (store === undefined) throw new Error('the store was not resolved');
  return { ...service, store };
}

/** Collects process warnings during the test. For serial tests only, because all tests of the file share the process. */
export function collectWarnings(t: ExecutionContext): readonly Error[] {
  const warnings: Error[] = [];
  const listener = (warning: Error) => void warnings.push(warning);
  process.on('warning', listener);
  t.teardown(() => process.off('warning', listener));
  return warnings;
}
