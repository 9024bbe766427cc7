import test from 'ava';
import { keyPrefixOf, storeOptions } from '../../../../src/compat/redis-sessions/class/client-options.js';
import type { RedisSessionsRedisOptions } from '../../../../src/compat/redis-sessions/class/index.js';
import { contextOf } from '../../../../src/compat/redis-sessions/class/service.js';

test('wipe is seconds: 600 by default, 10 at least, and no longer than a timer can be', (t) => {
  const pauses = [undefined, 600, 60, 10, 9, 1, -5, Number.NaN, 12.3456, 1e9].map((wipe) => {
    return contextOf(wipe === undefined ? {} : { wipe }).gcInterval;
  });
  t.deepEqual(pauses, [600_000, 600_000, 60_000, 10_000, 10_000, 10_000, 10_000, 600_000, 12_346, 2_147_483_000]);
});

test('there is no limit of sessions unless one is asked for', (t) => {
  t.is(contextOf({}).maxSession, 0);
  t.like(contextOf({ context: { maxSession: 3, gcInterval: 5 } }), { maxSession: 3, gcInterval: 5 });
});

test('where the Redis is comes from port and host, then from the socket, then by default', (t) => {
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

test('the namespace and a colon begin every key', (t) => {
  t.deepEqual([keyPrefixOf(), keyPrefixOf('mine')], ['rs:', 'mine:']);
});
