// The tests of the Redis store start servers of their own, and must not pass only because there is no program for it.
import { execFileSync } from 'node:child_process';
import { findRedisBinary } from '../.build/test/support/redis-binary.js';

const advice =
  'These tests need a Redis 7 or newer: install redis-server or valkey-server, or name it in REDIS_SERVER.';

if (findRedisBinary() === undefined && process.env.REDIS_SERVER === undefined && process.getuid?.() === 0) {
  try {
    console.log('There is no redis-server on the PATH: installing the package of the distribution.');
    const options = { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
    execFileSync('apt-get', ['update', '-qq'], options);
    execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'redis-server'], options);
  } catch {
    // Said below, whatever the cause.
  }
}
if (findRedisBinary() === undefined) {
  console.error(advice);
  process.exit(1);
}
