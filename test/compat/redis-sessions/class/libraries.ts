import type { ExecutionContext } from 'ava';
import redisSessions from 'redis-sessions';
import { RedisSessions } from '../../../../src/compat/redis-sessions/class/index.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { startService } from '../../../support/service.js';

/** One implementation of the interface, called without types. */
export interface Library {
  call(method: string, options: object): Promise<unknown>;
  /** Calls `create`, and returns the token. */
  create(options: object): Promise<string>;
  /** Advances the clock. */
  pass(seconds: number): Promise<void>;
}

/** Arguments that the tests of several calls share. */
export const app = 'webapp';
export const ip = '203.0.113.7';
export const unknownToken = 'x'.repeat(64);

let latest = 0;

/** Returns a namespace that no other test uses. */
export function freshName(): string {
  latest += 1;
  return `test${latest}`;
}

/** Opens redis-sessions itself. Its only source of time is replaced by a manual clock. */
export function theirs(t: ExecutionContext, server: RedisServer): Library {
  const sessions = new redisSessions.default({ port: server.port, namespace: freshName(), wipe: 0 });
  t.teardown(() => sessions.quit());
  let now = Math.floor(Date.now() / 1_000);
  Object.defineProperty(sessions, '_now', { value: () => now });
  return libraryOf(sessions, async (seconds) => {
    now += seconds;
  });
}

/** Opens our class with the memory store and a manual clock. */
export async function oursInMemory(t: ExecutionContext): Promise<Library> {
  const { manager, clock } = await startService(t, { maxSession: 0 });
  return libraryOf(new RedisSessions({ manager }), (seconds) => clock.advance(seconds * 1_000));
}

/** Opens our class with the same Redis. */
export function oursOnRedis(t: ExecutionContext, server: RedisServer): Library {
  const sessions = new RedisSessions({ port: server.port, namespace: freshName() });
  t.teardown(() => sessions.quit());
  return libraryOf(sessions, () => Promise.reject(new Error('The clock of Redis cannot be advanced')));
}

function libraryOf(sessions: object, pass: (seconds: number) => Promise<void>): Library {
  const call = async (method: string, options: object): Promise<unknown> =>
    Reflect.apply(Reflect.get(sessions, method), sessions, [options]);
  return {
    call,
    create: async (options) => {
      const created = await call('create', options);
      if (typeof created === 'object' && created !== null && 'token' in created) return String(created.token);
      throw new Error('No token was given');
    },
    pass,
  };
}
