import { Container } from 'inversify';
import { SessionContext, type SessionContextOptions } from '../../../context/session-context.js';
import { SessionError } from '../../../errors/session-error.js';
import { SessionEvents } from '../../../events/session-events.js';
import { sessionModule } from '../../../module.js';
import { GcProcessor } from '../../../service/processors/gc-processor.js';
import { SessionManager } from '../../../service/session-manager.js';
import { SessionStore } from '../../../store/session-store.js';
import { Clock } from '../../../time/clock.js';
import { storeOptions } from './client-options.js';
import type { RedisSessionsRedisOptions } from './types.js';

const defaultWipe = 600;
const leastWipe = 10;
/** The longest delay of a Node timer, in seconds. */
const mostWipe = 2_147_483;

/**
 * Disables sweeps, for `wipe: 0`. The store refuses expired sessions even without sweeps, and their keys expire in
 * Redis.
 */
class NoSweeps extends GcProcessor {
  override start(): void {}
}

/** A running service. */
export interface StartedService {
  readonly manager: SessionManager;
  stop(): Promise<void>;
}

/** @throws SessionError `STORE_UNAVAILABLE`, `INVALID_CONTEXT`, `INVALID_ARGUMENT` */
export async function startService(options: RedisSessionsRedisOptions): Promise<StartedService> {
  const { redisStore } = await loadRedisStore();
  const container = new Container();
  container.load(sessionModule(contextOf(options), redisStore(storeOptions(options))));
  if (options.wipe === 0) {
    const make = (...parts: ConstructorParameters<typeof GcProcessor>) => new NoSweeps(...parts);
    const binding = await container.rebind(GcProcessor);
    binding.toResolvedValue(make, [SessionContext, SessionStore, Clock, SessionEvents]).inSingletonScope();
  }
  const stop = () => container.unbindAllAsync();
  try {
    return { manager: await container.getAsync(SessionManager), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Imports the store only when it is needed: an application that gives a manager does not need ioredis. */
async function loadRedisStore() {
  try {
    return await import('../../../stores/redis/index.js');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error;
    const message = 'RedisSessions needs a package that is not installed: npm install ioredis';
    throw new SessionError('STORE_UNAVAILABLE', message, {}, { cause: error });
  }
}

export function contextOf({ wipe, context }: RedisSessionsRedisOptions): SessionContextOptions {
  const seconds = Math.min(mostWipe, Math.max(leastWipe, wipe || defaultWipe));
  return { maxSession: 0, gcInterval: Math.round(seconds * 1_000), ...context };
}
