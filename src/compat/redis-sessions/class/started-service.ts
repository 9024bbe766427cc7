import { Container } from 'inversify';
import type { SessionContextOptions } from '../../../context/session-context.js';
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

/** A running service, and how it ends. */
export interface StartedService {
  readonly manager: SessionManager;
  stop(): Promise<void>;
}

/** @throws SessionError `STORE_UNAVAILABLE`, `INVALID_CONTEXT`, `INVALID_ARGUMENT` */
export async function startService(options: RedisSessionsRedisOptions): Promise<StartedService> {
  // Only here: whoever brings a manager needs no ioredis.
  const { redisStore } = await import('../../../stores/redis/index.js');
  const container = new Container();
  container.load(sessionModule(contextOf(options), redisStore(storeOptions(options))));
  if (options.wipe === 0) {
    // Nothing sweeps then. An expired session is dead all the same, and its keys end by themselves.
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

export function contextOf({ wipe, context }: RedisSessionsRedisOptions): SessionContextOptions {
  const seconds = Math.min(mostWipe, Math.max(leastWipe, wipe || defaultWipe));
  return { maxSession: 0, gcInterval: Math.round(seconds * 1_000), ...context };
}
