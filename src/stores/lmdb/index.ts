import type { ContainerModuleLoadOptions } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import type { LmdbStoreOptions } from './lmdb-options.js';
import { LmdbStore } from './lmdb-store.js';

export { setupPrimary } from './cluster-relay.js';
export type { LmdbStoreOptions } from './lmdb-options.js';
export { LmdbStore } from './lmdb-store.js';

/**
 * Sessions in a directory of this machine, shared by all processes that open it, and kept when all of them end. The
 * second argument of `sessionModule`.
 */
export function lmdbStore(options: LmdbStoreOptions): (load: ContainerModuleLoadOptions) => void {
  return (load) => {
    const make = (context: SessionContext, clock: Clock) => new LmdbStore(context, options, clock);
    load.bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope();
  };
}
