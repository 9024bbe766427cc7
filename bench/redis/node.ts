import { Container } from 'inversify';
import type { Redis } from 'ioredis';
import { type SessionContextOptions, SessionManager, SessionStore, sessionModule } from '../../src/index.js';
import { redisStore } from '../../src/stores/redis/index.js';

/** Interval so long that neither sweeps nor presence are measured; redis-sessions sweeps every ten minutes. */
export const NEVER = 2 ** 31 - 1;

/** One node of our service on a Redis. */
export interface RedisNode {
  readonly manager: SessionManager;
  readonly store: SessionStore;
  close(): Promise<void>;
}

/** @param redis the server's port, or the client to use */
export async function openNode(redis: number | Redis, context: SessionContextOptions = {}): Promise<RedisNode> {
  const container = new Container();
  const quiet = { gcInterval: NEVER, hbTime: NEVER, ...context };
  const options = typeof redis === 'number' ? { url: `redis://127.0.0.1:${redis}` } : { client: redis };
  container.load(sessionModule(quiet, redisStore(options)));
  const manager = await container.getAsync(SessionManager);
  const store = await container.getAsync(SessionStore);
  return { manager, store, close: () => container.unbindAllAsync() };
}
