import type { Redis } from 'ioredis';
import redisSessions from 'redis-sessions';

type OldSessions = InstanceType<typeof redisSessions.default>;

/** The real redis-sessions 4, with its sessions under `rs:`. */
export function oldLibrary(port: number): OldSessions {
  return new redisSessions.default({ port });
}

/** As if the last activity of an old session was so long ago. */
export async function letIdle(redis: Redis, app: string, token: string, seconds: number): Promise<void> {
  const key = `rs:${app}:${token}`;
  await redis.hset(key, 'la', Number(await redis.hget(key, 'la')) - seconds);
}
