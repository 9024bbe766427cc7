import type { ExecutionContext } from 'ava';
import redisSessions from 'redis-sessions';
import { RedisSessions } from '../../../../src/compat/redis-sessions/class/index.js';
import type { RedisServer } from '../../../support/redis-server.js';
import { startService } from '../../../support/service.js';

/** One implementation of the interface, called without regard to types, as JavaScript does. */
export interface Library {
  call(method: string, options: object): Promise<unknown>;
  /** As `call`, for what gives a token. */
  create(options: object): Promise<string>;
  /** Lets so many seconds pass. */
  pass(seconds: number): Promise<void>;
}

let latest = 0;

/** A name that no other test uses. */
export function freshName(): string {
  latest += 1;
  return `test${latest}`;
}

/** redis-sessions itself, on a clock that is turned by hand: it asks for the time in one place. */
export function theirs(t: ExecutionContext, server: RedisServer): Library {
  const sessions = new redisSessions.default({ port: server.port, namespace: freshName(), wipe: 0 });
  t.teardown(() => sessions.quit());
  let now = Math.floor(Date.now() / 1_000);
  Object.defineProperty(sessions, '_now', { value: () => now });
  return libraryOf(sessions, async (seconds) => {
    now += seconds;
  });
}

/** Ours, on the memory of this process and a clock that is turned by hand. */
export async function oursInMemory(t: ExecutionContext): Promise<Library> {
  const { manager, clock } = await startService(t, { maxSession: 0 });
  return libraryOf(new RedisSessions({ manager }), (seconds) => clock.advance(seconds * 1_000));
}

/** Ours, on the same Redis as theirs. */
export function oursOnRedis(t: ExecutionContext, server: RedisServer): Library {
  const sessions = new RedisSessions({ port: server.port, namespace: freshName() });
  t.teardown(() => sessions.quit());
  return libraryOf(sessions, () => Promise.reject(new Error('Time passes by itself there')));
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
