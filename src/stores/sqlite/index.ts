import type { ContainerModuleLoadOptions } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import type { SqliteStoreOptions } from './sqlite-options.js';
import { SqliteStore } from './sqlite-store.js';

export type { SqliteStoreOptions } from './sqlite-options.js';
export { SqliteStore } from './sqlite-store.js';

/**
 * Sessions in a file of this machine. All processes that open the file share the sessions, which survive the end of
 * these processes, however they end. The second argument of `sessionModule`.
 */
export function sqliteStore(options: SqliteStoreOptions): (load: ContainerModuleLoadOptions) => void {
  return (load) => {
    const make = (context: SessionContext, clock: Clock) => new SqliteStore(context, options, clock);
    load.bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope();
  };
}
