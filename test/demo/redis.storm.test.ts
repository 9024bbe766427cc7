import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Redis } from 'ioredis';
import { type DemoNode, DemoNodes, isAlive } from '../support/demo-nodes.js';
import { eventually } from '../support/eventually.js';
import { takenPort } from '../support/free-port.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { until } from '../support/http-kit.js';
import { limits } from '../support/limits.js';
import { RedisProxy } from '../support/redis-proxy.js';
import { Teardowns } from '../support/teardowns.js';

interface Pair {
  readonly demo: DemoNodes;
  readonly first: DemoNode;
  readonly second: DemoNode;
}

const shared = new Teardowns();
let data: string;
/** Two nodes and their Redis. The tests use them one after the other, and start them again with the same data. */
let pair: Pair;

async function startPair(): Promise<Pair> {
  const demo = await DemoNodes.start(shared, data);
  const [first, second] = demo.nodes;
  if (first === undefined || second === undefined) throw new Error('There are not two nodes');
  return { demo, first, second };
}

function redisOf(demo: DemoNodes): { readonly pid: number; readonly url: string } {
  if (demo.redis === undefined) throw new Error('No Redis was started');
  return demo.redis;
}

function pidsOf({ demo, first, second }: Pair): readonly number[] {
  return [first.pid, second.pid, redisOf(demo).pid];
}

/** Reads the password from the file that the demo wrote for its Redis. */
function passwordOf(folder: string): string {
  return (
    readFileSync(join(folder, 'redis', 'redis.conf'), 'utf8')
      .trim()
      .split(' ')[1] ?? ''
  );
}

test.before(async () => {
  data = await DemoProcess.folder(shared);
  pair = await startPair();
});

test.after.always(() => shared.run());

test.serial(
  'a session of one node can poll at the other node, and receives pushes and a logout from the first',
  async (t) => {
    const { demo, first, second } = pair;
    const phone = await first.logIn('alice');
    const desk = await first.logIn('alice');
    const held = await second.poll(phone.cookie, '');
    t.is((await first.push({ session: phone.id }, { text: 'hi' })).status, 200);
    const batch = JSON.parse((await held.response()).body);
    t.like(batch, { messages: [{ offset: 1, data: { text: 'hi' } }], lost: 0 });

    held.send(`/poll?after=${batch.cursor}`, { cookie: phone.cookie });
    t.is((await first.request(`/sessions/${phone.id}`, { method: 'DELETE', cookie: desk.cookie })).status, 204);
    const last = await held.response();
    t.true(last.status === 401 || JSON.parse(last.body).closed.code === 'revoked');
    t.is((await second.request('/sessions', { cookie: phone.cookie })).status, 401);
    t.is((await second.request('/sessions', { cookie: desk.cookie })).status, 200);
    await held.close();
    t.is(demo.stderr, '');
  },
);

test.serial(
  'with REDIS_URL the demo starts no Redis; while the given Redis cannot be reached, /healthz is a 503 problem',
  async (t) => {
    const { demo, first, second } = pair;
    const { host } = new URL(redisOf(demo).url);
    const proxy = await RedisProxy.start(Number(host.split(':')[1]));
    t.teardown(() => proxy.close());
    const guest = await DemoNodes.start(t, await DemoProcess.folder(t), {
      REDIS_URL: `redis://:${passwordOf(data)}@127.0.0.1:${proxy.port}`,
    });
    t.is(guest.redis, undefined);
    const { cookie } = await first.logIn('bob');
    const [node] = guest.nodes;
    if (node === undefined) throw new Error('There is no node');
    t.is((await node.request('/sessions', { cookie })).status, 200);
    t.is((await node.request('/healthz')).status, 200);

    await proxy.close();
    const health = await node.request('/healthz');
    t.is(health.status, 503, 'the store can not be reached');
    t.regex(health.headers.get('content-type') ?? '', /^application\/problem\+json/);
    t.is(JSON.parse(health.body).code, 'STORE_UNAVAILABLE');
    t.is((await node.request('/livez')).status, 200);
    guest.signal('SIGTERM');
    t.is(await guest.exit, 0);
    t.is((await second.request('/sessions', { cookie })).status, 200);
  },
);

test.serial('the Redis of the demo requires a password, which only the user can read', async (t) => {
  const port = Number(new URL(redisOf(pair.demo).url).port);
  const options = { port, lazyConnect: true, retryStrategy: () => null, enableReadyCheck: false };
  const [stranger, owner] = [new Redis(options), new Redis({ ...options, password: passwordOf(data) })];
  for (const client of [stranger, owner]) {
    client.on('error', () => {});
    t.teardown(() => client.disconnect());
  }
  await t.throwsAsync(stranger.ping(), { message: /NOAUTH/ });
  t.is(await owner.ping(), 'PONG');
  t.is(statSync(join(data, 'redis', 'redis.conf')).mode & 0o777, 0o600);
  t.false(pair.demo.stdout.includes(passwordOf(data)));
});

test.serial('the page may stop Redis and start it again, and sessions and messages are kept', async (t) => {
  const { demo, first, second } = pair;
  const { id, cookie } = await first.logIn('rosa');
  await first.push({ session: id }, 'kept');
  const redis = (action: string) => first.post('/operations/redis', { action }, { 'X-Admin-Key': 'key' });
  t.is((await redis('stop')).status, 200);
  t.is((await second.request('/healthz')).status, 503);
  t.is((await second.push({ session: id }, 'refused')).status, 503);
  t.is((await redis('stop')).status, 200, 'once more has no effect');
  t.is((await redis('start')).status, 200);
  await eventually(async () => (await second.request('/healthz')).status === 200, { patience: limits.processes });
  const batch = JSON.parse((await second.request('/poll?after=', { cookie })).body);
  t.like(batch, { messages: [{ data: 'kept' }], lost: 0 });
  t.is(demo.isOver, false);
});

test.serial('a second start on the same folder is refused', async (t) => {
  const refused = DemoNodes.spawn(t, data);
  t.is(await refused.exit, 1);
  t.regex(refused.stderr, /^Another Redis \(process \d+\) uses this folder/);
});

test.serial('SIGINT answers held polls with retry; a restart has all sessions and undelivered messages', async (t) => {
  const { demo, first, second } = pair;
  const pids = pidsOf(pair);
  const carol = await first.logIn('carol');
  await first.push({ session: carol.id }, 'one');
  const { cursor } = JSON.parse((await second.request('/poll?after=', { cookie: carol.cookie })).body);
  const held = await second.poll(carol.cookie, cursor);
  // The answer to this later request shows that the node has read the poll.
  await second.request('/settings');
  demo.signal('SIGINT');
  t.true(JSON.parse((await held.response()).body).retry > 0);
  t.is(await demo.exit, 0);
  t.is(demo.stderr, '');
  t.deepEqual(pids.filter(isAlive), [], 'no process is left behind');
  await held.close();

  pair = await startPair();
  await pair.first.push({ session: carol.id }, 'two');
  const batch = JSON.parse((await pair.second.request(`/poll?after=${cursor}`, { cookie: carol.cookie })).body);
  t.like(batch, { messages: [{ offset: 2, data: 'two' }], lost: 0 });
  t.is(pair.demo.stderr, '');
});

test.serial(
  'a node that dies is reported and the other node serves its clients; without nodes the demo ends',
  async (t) => {
    const { demo, first, second } = pair;
    const pids = pidsOf(pair);
    const dora = await first.logIn('dora');
    await first.push({ session: dora.id }, 'one');
    process.kill(first.pid, 'SIGKILL');
    await until(() => demo.stderr.includes('node 1 ended with SIGKILL'));
    const batch = JSON.parse((await second.request('/poll?after=', { cookie: dora.cookie })).body);
    t.like(batch, { messages: [{ data: 'one' }], lost: 0 });
    process.kill(second.pid, 'SIGKILL');
    t.is(await demo.exit, 1);
    t.regex(demo.stderr, /node 2 ended with SIGKILL; no node is left/);
    t.deepEqual(pids.filter(isAlive), []);
  },
);

test.serial('a second signal ends all processes at once', async (t) => {
  pair = await startPair();
  const pids = pidsOf(pair);
  process.kill(pair.second.pid, 'SIGSTOP');
  pair.demo.signal('SIGTERM');
  await until(() => !isAlive(pair.first.pid), limits.processes);
  t.is(await pair.demo.signalUntilEnd('SIGTERM'), 143);
  await until(() => !pids.some(isAlive), limits.processes);
  t.pass();
});

test.serial('a signal during the start of the nodes stops all of them', async (t) => {
  const demo = DemoNodes.spawn(t, await DemoProcess.folder(t));
  await until(() => demo.stdout.includes('redis ('), limits.processes);
  demo.signal('SIGTERM');
  t.is(await demo.exit, 0);
  t.is(demo.stderr, '');
  t.false(isAlive(redisOf(demo).pid));
  t.false(demo.nodes.some(({ pid }) => isAlive(pid)));
});

test.serial('without a Redis server, one line says what to install', async (t) => {
  const folder = await DemoProcess.folder(t);
  const demo = DemoNodes.spawn(t, folder, { PATH: folder, REDIS_SERVER: '' });
  t.is(await demo.exit, 1);
  t.is(demo.stdout, '');
  t.regex(demo.stderr, /^Neither redis-server nor valkey-server is .* apt-get install redis-server.*\n$/);
});

test.serial('a port in use is a clear error with exit code 1, and stops all processes', async (t) => {
  const port = await takenPort(t);
  const demo = DemoNodes.spawn(t, await DemoProcess.folder(t), { PORT: String(port) });
  t.is(await demo.exit, 1);
  t.regex(demo.stderr, /EADDRINUSE/);
  t.regex(demo.stderr, /node 1 did not start/);
  t.false(isAlive(redisOf(demo).pid));
});
