// The tests start their own Redis servers. If the program is missing, they must fail here with advice instead of being skipped.
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
    // The program is still missing, and the advice below is printed.
  }
}
if (findRedisBinary() === undefined) {
  console.error(advice);
  process.exit(1);
}
