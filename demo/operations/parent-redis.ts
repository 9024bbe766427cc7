import type { RedisAction } from './operations.js';

/** The request of a node to its parent process, which has also started the Redis. */
export interface RedisRequest {
  readonly redis: RedisAction;
  readonly number: number;
}

/** The answer to the request with the same number. */
export interface RedisAnswer {
  readonly number: number;
  readonly error?: string;
}

export function isRedisRequest(message: unknown): message is RedisRequest {
  return typeof message === 'object' && message !== null && 'redis' in message && 'number' in message;
}

function isAnswer(message: unknown): message is RedisAnswer {
  return typeof message === 'object' && message !== null && 'number' in message;
}

let latest = 0;

/** Asks the parent process to stop or start the Redis. Resolves when the parent process has done it. */
export function askParent(action: RedisAction): Promise<void> {
  latest += 1;
  const number = latest;
  return new Promise((resolve, reject) => {
    const receive = (message: unknown) => {
      if (!isAnswer(message) || message.number !== number) return;
      process.off('message', receive);
      if (message.error === undefined) resolve();
      else reject(new Error(message.error));
    };
    process.on('message', receive);
    process.send?.({ redis: action, number } satisfies RedisRequest);
  });
}
