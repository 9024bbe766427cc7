import type { ContainerModuleLoadOptions } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import type { RedisStoreOptions } from './redis-options.js';
import { RedisStore } from './redis-store.js';

export type { RedisStoreOptions } from './redis-options.js';
export { RedisStore } from './redis-store.js';

/**
 * A store that keeps the sessions in Redis (7 or newer), Valkey or a Cluster. All processes that use the same server
 * share them. Pass it to `sessionModule` as the second argument.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function redisStore(options: RedisStoreOptions = {}): (load: ContainerModuleLoadOptions) => void {
  return (load) => {
    const make = (context: SessionContext, clock: Clock) => new RedisStore(context, options, undefined, clock);
    load.bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope();
  };
}
