import { Container } from 'inversify';
import type { SessionContextOptions } from '../../../context/session-context.js';
import { SessionError } from '../../../errors/session-error.js';
import { sessionModule } from '../../../module.js';
import { HeartbeatProcessor } from '../../../service/heartbeat-processor.js';
import { Processor } from '../../../service/processor.js';
import { SessionManager } from '../../../service/session-manager.js';
import { storeOptions } from './client-options.js';
import type { RedisSessionsRedisOptions } from './types.js';

const defaultWipe = 600;
const leastWipe = 10;
/** The longest pause that a Node timer takes, in seconds. */
const mostWipe = 2_147_483;

/** A running service that `stop` ends. */
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
    // No sweeps. An expired session is refused without them, and its keys in Redis expire.
    await container.unbindAsync(Processor);
    container.bind(Processor).toService(HeartbeatProcessor);
  }
  const stop = () => container.unbindAllAsync();
  try {
    return { manager: await container.getAsync(SessionManager), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Loaded here and not above, because an application that gives a manager needs no ioredis. */
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
