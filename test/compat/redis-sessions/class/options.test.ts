import test from 'ava';
import { keyPrefixOf, storeOptions } from '../../../../src/compat/redis-sessions/class/client-options.js';
import { RedisSessions, type RedisSessionsRedisOptions } from '../../../../src/compat/redis-sessions/class/index.js';
import { contextOf } from '../../../../src/compat/redis-sessions/class/started-service.js';

test('wipe is in seconds: 600 by default, at least 10, at most the longest timer', (t) => {
  const pauses = [undefined, 600, 60, 10, 9, 1, -5, Number.NaN, 12.3456, 1e9].map((wipe) => {
    return contextOf(wipe === undefined ? {} : { wipe }).gcInterval;
  });
  t.deepEqual(pauses, [600_000, 600_000, 60_000, 10_000, 10_000, 10_000, 10_000, 600_000, 12_346, 2_147_483_000]);
});

test('there is no limit of sessions by default', (t) => {
  t.is(contextOf({}).maxSession, 0);
  t.like(contextOf({ context: { maxSession: 3, gcInterval: 5 } }), { maxSession: 3, gcInterval: 5 });
});

test('the address comes from port and host, then from socket, then from the default', (t) => {
  const keyPrefix = 'rs:';
  const cases: readonly (readonly [RedisSessionsRedisOptions, object])[] = [
    [{}, { redis: { host: '127.0.0.1', port: 6_379 }, keyPrefix }],
    [
      { port: 1, host: 'a', namespace: 'x' },
      { redis: { host: 'a', port: 1 }, keyPrefix: 'x:' },
    ],
    [{ options: { socket: { port: 2, host: 'b' } } }, { redis: { host: 'b', port: 2 }, keyPrefix }],
    [
      { port: 1, options: { socket: { port: 2, host: 'b' } } },
      { redis: { host: 'b', port: 1 }, keyPrefix },
    ],
    [
      { port: 1, options: { url: 'redis://c' } },
      { url: 'redis://c', redis: {}, keyPrefix },
    ],
    [
      { options: { socket: { tls: true, servername: 'd', connectTimeout: 5, keepAlive: 9 } } },
      {
        redis: { tls: { servername: 'd' }, connectTimeout: 5, keepAlive: 9, host: '127.0.0.1', port: 6_379 },
        keyPrefix,
      },
    ],
    [
      { options: { database: 2, username: 'u', password: 'p', name: 'n', family: 6 } },
      {
        redis: { db: 2, username: 'u', password: 'p', connectionName: 'n', family: 6, host: '127.0.0.1', port: 6_379 },
        keyPrefix,
      },
    ],
    [
      { options: { sentinels: [{ host: 's', port: 1 }], name: 'master' } },
      { redis: { sentinels: [{ host: 's', port: 1 }], name: 'master', host: '127.0.0.1', port: 6_379 }, keyPrefix },
    ],
    [
      { options: { auth_pass: 'p', db: 4, socket: { path: '/tmp/redis.sock' } } },
      { redis: { password: 'p', db: 4, path: '/tmp/redis.sock', host: '127.0.0.1', port: 6_379 }, keyPrefix },
    ],
  ];
  for (const [given, expected] of cases) t.deepEqual(storeOptions(given) as object, expected);
});

test('every key begins with the namespace and a colon', (t) => {
  t.deepEqual([keyPrefixOf(), keyPrefixOf('mine')], ['rs:', 'mine:']);
});

/** Calls the constructor without type checks, as JavaScript code does. */
function construct(options: unknown): void {
  new RedisSessions(options as RedisSessionsRedisOptions);
}

const refused: readonly (readonly [options: object, message: RegExp])[] = [
  [{ prot: 6_379 }, /^RedisSessions: prot is not an option; did you mean port\?; got 6379$/],
  [{ nameSpace: 'x' }, /did you mean namespace\?/],
  [{ port: '6379' }, /^RedisSessions: port must be a whole number from 1 to 65535; got "6379"$/],
  [{ host: '' }, /^RedisSessions: host must be a string that is not empty/],
  [{ options: 'redis://127.0.0.1' }, /^RedisSessions: options must be an object/],
  [{ namespace: '' }, /^RedisSessions: namespace must be 1 to 63 visible ASCII characters without braces; got ""$/],
  [{ namespace: 'a b' }, /^RedisSessions: namespace must be/],
  [{ namespace: 'a{b}' }, /^RedisSessions: namespace must be/],
  [{ namespace: 'x'.repeat(64) }, /^RedisSessions: namespace must be/],
  [{ wipe: '600' }, /^RedisSessions: wipe must be a number of seconds; got "600"$/],
  [{ cachetime: -1 }, /^RedisSessions: cachetime must be a number of seconds, 0 or more; got -1$/],
  [{ cachemax: 0 }, /^RedisSessions: cachemax must be a whole number from 1/],
  [{ context: { maxSesion: 3 } }, /^SessionContext: maxSesion is not an option; did you mean maxSession\?/],
  [{ manager: {} }, /^RedisSessions: manager must be an object with inApp, authenticate, watchChanges/],
];

for (const [options, message] of refused) {
  test(`the constructor refuses ${JSON.stringify(options)}`, (t) => {
    t.throws(() => construct(options), { code: 'INVALID_CONTEXT', message });
  });
}

test('the constructor refuses a client, and says what to use instead', (t) => {
  t.throws(() => construct({ client: { host: 'redis.example', password: 'secret' } }), {
    code: 'INVALID_CONTEXT',
    message:
      'RedisSessions: client is not supported: give port and host, or options.url; for an ioredis client give a ' +
      'manager, whose module has redisStore({ client }); got "object"',
  });
});

test('a connection option together with a manager is refused', (t) => {
  const manager = { inApp() {}, authenticate() {}, watchChanges() {} };
  t.throws(() => construct({ manager, port: 6_379 }), {
    code: 'INVALID_CONTEXT',
    message:
      'RedisSessions: port is not an option; leave it out if manager is given, because its store decides; got 6379',
  });
  t.notThrows(() => construct({ manager, cachetime: 1 }));
});

test('an error does not quote a password', (t) => {
  const error = t.throws(() => construct({ opitons: { password: 'secret' } }), { code: 'INVALID_CONTEXT' });
  t.false(error.message.includes('secret'));
});
