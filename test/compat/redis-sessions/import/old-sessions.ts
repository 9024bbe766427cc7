import type { Redis } from 'ioredis';
import redisSessions from 'redis-sessions';

type OldSessions = InstanceType<typeof redisSessions.default>;

/** Opens the real redis-sessions 4, with its sessions under `rs:`. */
export function oldLibrary(port: number): OldSessions {
  return new redisSessions.default({ port });
}

/** Moves the last activity of an old session into the past. */
export async function letIdle(redis: Redis, app: string, token: string, seconds: number): Promise<void> {
  const key = `rs:${app}:${token}`;
  await redis.hset(key, 'la', Number(await redis.hget(key, 'la')) - seconds);
}
