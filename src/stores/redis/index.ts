import type { ContainerModuleLoadOptions } from 'inversify';
import { SessionContext } from '../../context/session-context.js';
import { SessionStore } from '../../store/session-store.js';
import { Clock } from '../../time/clock.js';
import type { RedisStoreOptions } from './redis-options.js';
import { RedisStore } from './redis-store.js';

export type { RedisStoreOptions } from './redis-options.js';
export { RedisStore } from './redis-store.js';

/**
 * Sessions in a Redis (7 or newer), a Valkey or a Cluster, shared by all processes that use it. Give it to `sessionModule`
 * as the second argument.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function redisStore(options: RedisStoreOptions = {}): (load: ContainerModuleLoadOptions) => void {
  return (load) => {
    const make = (context: SessionContext, clock: Clock) => new RedisStore(context, options, undefined, clock);
    load.bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope();
  };
}
