import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import test from 'ava';
import { eventually } from './eventually.js';
import { findRedisBinary } from './redis-binary.js';
import { RedisCluster } from './redis-cluster.js';
import { RedisServer } from './redis-server.js';

test('a restarted server has the same port and, with an append-only file, its data', async (t) => {
  const server = await RedisServer.start({ appendonly: 'yes', appendfsync: 'always' });
  t.teardown(() => server.stop());
  await server.client.set('a', '1');
  await server.kill('SIGKILL');
  t.false(server.isRunning);
  await server.restart();
  t.is(await server.client.get('a'), '1');
  const [, folder = ''] = await server.client.config('GET', 'dir').then((reply) => reply as string[]);
  t.true(existsSync(folder));
  await server.stop();
  t.false(existsSync(folder));
});

test('the error of a server that cannot start contains the reason', async (t) => {
  await t.throwsAsync(RedisServer.start({ maxmemory: 'nonsense' }), { message: /maxmemory/ });
});

test('a cluster accepts keys in all slots, and has a replica for each master on request', async (t) => {
  const cluster = await RedisCluster.start({ replicas: true });
  t.teardown(() => cluster.stop());
  const keys = Array.from({ length: 50 }, (_each, index) => `key-${index}`);
  await Promise.all(keys.map((key) => cluster.client.set(key, key)));
  const counts = await Promise.all(cluster.masters.map(({ client }) => client.dbsize()));
  t.is(
    counts.reduce((sum, count) => sum + count, 0),
    keys.length,
  );
  t.true(counts.every((count) => count > 0));
  for (const { client } of cluster.replicas) t.regex(await client.info('replication'), /role:slave/);
});

test('the guard kills its process when the process that created the guard is killed', async (t) => {
  const script = `
    const { ProcessGuard } = await import(process.argv[1]);
    const { spawn } = await import('node:child_process');
    const child = spawn('sleep', ['60'], { stdio: 'ignore' });
    new ProcessGuard(child.pid, '/nonexistent');
    console.log(child.pid);
  `;
  const guard = new URL('./process-guard.js', import.meta.url).href;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, guard], {
    stdio: ['ignore', 'pipe', 2],
  });
  const pid = await new Promise<number>((resolve) => parent.stdout?.once('data', (text) => resolve(Number(text))));
  t.true(isAlive(pid));
  parent.kill('SIGKILL');
  await t.notThrowsAsync(eventually(() => !isAlive(pid)));
});

test('REDIS_SERVER takes precedence over the programs on the PATH', (t) => {
  t.is(findRedisBinary({ REDIS_SERVER: '/opt/a-server', PATH: '/usr/bin' }), '/opt/a-server');
  t.is(findRedisBinary({ REDIS_SERVER: 'sh', PATH: '/nonexistent:/bin' }), '/bin/sh');
  t.is(findRedisBinary({ PATH: '/nonexistent' }), undefined);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
