import test from 'ava';
import RedisSessions, {
  type Activity,
  type Callback,
  type Created,
  type DataPatch,
  type InitialData,
  type Killed,
  type Listed,
  type Missing,
  type RedisSessionsOptions,
  type Session,
  type SessionData,
} from '../../src/compat/redis-sessions/class/index.js';
import type { SessionManager } from '../../src/index.js';

/** Whether two types are the same for the compiler. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;

/** Compiles only for `true`: the build checks the facts of this file, and fails at the first one that does not hold. */
function holds<_Fact extends true>(): void {}

/** Code that is compiled and never run. */
function compiles(
  _code: (sessions: RedisSessions<Shape>, untyped: RedisSessions, manager: SessionManager) => unknown,
): void {}

type Shape = { name: string; unread?: number };

const app = 'webapp';
const token = 'x'.repeat(64);

test('a call without a callback returns a promise, with null for a missing session', (t) => {
  compiles((sessions) => {
    const created: Promise<Created> = sessions.create({ app, id: 'alice', ip: '::1' });
    const got: Promise<Session<Shape> | null> = sessions.get({ app, token });
    const set: Promise<Session<Shape> | null> = sessions.set({ app, token, d: { name: 'x' } });
    const killed: Promise<Killed>[] = [
      sessions.kill({ app, token }),
      sessions.killall({ app }),
      sessions.killsoid({ app, id: 'alice' }),
    ];
    const listed: Promise<Listed<Shape>>[] = [
      sessions.soid({ app, id: 'alice' }),
      sessions.soapp({ app, deltaTime: 10 }),
      sessions.soapp({ app, dt: '10' }),
    ];
    const active: Promise<Activity> = sessions.activity({ app, deltaTime: 10 });
    const rest: Promise<unknown>[] = [sessions.ping(), sessions.quit(), sessions.manager()];
    return [created, got, set, killed, listed, active, rest];
  });
  t.pass();
});

test('a call with a callback returns nothing, and the callback gets {} for a missing session', (t) => {
  compiles((sessions) => {
    sessions.get({ app, token }, (error, session) => {
      if (error !== null) {
        holds<Same<typeof error, Error>>();
        return undefined;
      }
      holds<Same<typeof session, Session<Shape> | Missing>>();
      return 'id' in session ? (session.d?.name satisfies string | undefined) : undefined;
    });
    sessions.create({ app, id: 'alice', ip: '::1' }, (error, created) => {
      if (!error) holds<Same<typeof created, Created>>();
    });
    sessions.ping((error, pong) => {
      if (error === null) holds<Same<typeof pong, 'PONG'>>();
    });
    sessions.kill({ app, token }, () => {});
    sessions.quit(() => {});
    const loose: Callback<Killed> = (error: Error | null, result?: Killed) => [error, result];
    sessions.killall({ app }, loose);
    // @ts-expect-error a callback of another result
    sessions.kill({ app, token }, (_error, result: string) => result);
  });
  t.pass();
});

test('the shape of d is checked, key by key', (t) => {
  holds<Same<DataPatch<Shape>, { name?: string; unread?: number | null }>>();
  holds<Same<InitialData<Shape>, { name: string; unread?: number | null }>>();
  holds<Same<NonNullable<DataPatch<SessionData>[string]>, string | number | boolean>>();
  compiles((sessions, untyped) => {
    sessions.set({ app, token, d: { unread: null } });
    sessions.create({ app, id: 'alice', ip: '::1', d: { name: 'x', unread: null } });
    untyped.set({ app, token, d: { anything: 1, gone: null } });
    untyped.create({ app, id: 'alice', ip: '::1', d: { anything: null, other: true } });
    // @ts-expect-error a key that must be there can't be deleted
    sessions.set({ app, token, d: { name: null } });
    // @ts-expect-error of another type
    sessions.set({ app, token, d: { unread: 'many' } });
    // @ts-expect-error no such key
    sessions.set({ app, token, d: { read: 1 } });
    // @ts-expect-error a key is missing
    sessions.create({ app, id: 'alice', ip: '::1', d: { unread: 1 } });
    // @ts-expect-error no scalar
    untyped.set({ app, token, d: { list: [1] } });
    // @ts-expect-error no scalar
    return new RedisSessions<{ list: string[] }>();
  });
  t.pass();
});

test('the options are those of a Redis or of a manager, not of both', (t) => {
  compiles((_sessions, _untyped, manager) => {
    const fine: RedisSessionsOptions[] = [
      {},
      { port: 6_379, host: 'localhost', namespace: 'rs', wipe: 0, cachetime: 10, cachemax: 10 },
      { options: { url: 'redis://localhost', password: 'x', database: 1 } },
      { manager },
      { manager, cachetime: 10 },
    ];
    // @ts-expect-error of one of the two
    const both: RedisSessionsOptions = { manager, port: 1 };
    return [fine, both];
  });
  t.pass();
});

test('a session has the properties of redis-sessions', (t) => {
  holds<Same<keyof Session, 'id' | 'r' | 'w' | 'ttl' | 'idle' | 'ip' | 'd' | 'no_resave'>>();
  holds<Same<Session<Shape>['d'], Shape | undefined>>();
  holds<Same<Listed['sessions'][number]['handle'], string>>();
  t.pass();
});
