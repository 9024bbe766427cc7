import test, { type ExecutionContext } from 'ava';
import { type DemoNode, DemoNodes, isAlive } from '../support/demo-nodes.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { until } from '../support/http-kit.js';

interface Pair {
  readonly demo: DemoNodes;
  readonly data: string;
  readonly first: DemoNode;
  readonly second: DemoNode;
}

async function startPair(t: ExecutionContext, data?: string): Promise<Pair> {
  const folder = data ?? (await DemoProcess.folder(t));
  const demo = await DemoNodes.start(t, folder);
  const [first, second] = demo.nodes;
  if (first === undefined || second === undefined) throw new Error('There are not two nodes');
  return { demo, data: folder, first, second };
}

function redisOf(demo: DemoNodes): { readonly pid: number; readonly url: string } {
  if (demo.redis === undefined) throw new Error('No Redis was started');
  return demo.redis;
}

function pidsOf({ demo, first, second }: Pair): readonly number[] {
  return [first.pid, second.pid, redisOf(demo).pid];
}

// One after the other: each starts four processes.
test.serial(
  'a session logged in at one node polls at the other, and is pushed to and logged out at the first',
  async (t) => {
    const pair = await startPair(t);
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

    const pids = pidsOf(pair);
    demo.signal('SIGTERM');
    t.is(await demo.exit, 0);
    t.is(demo.stderr, '');
    t.deepEqual(pids.filter(isAlive), [], 'nobody was left behind');
  },
);

test.serial(
  'SIGINT answers held polls with retry; after a restart sessions and undelivered messages are still there',
  async (t) => {
    const { demo, data, first, second } = await startPair(t);
    const alice = await first.logIn('alice');
    await first.push({ session: alice.id }, 'one');
    const { cursor } = JSON.parse((await second.request('/poll?after=', { cookie: alice.cookie })).body);
    const held = await second.poll(alice.cookie, cursor);
    // Answered behind it, so the poll was read before.
    await second.request('/settings');
    demo.signal('SIGINT');
    t.true(JSON.parse((await held.response()).body).retry > 0);
    t.is(await demo.exit, 0);
    await held.close();

    const again = await startPair(t, data);
    await again.first.push({ session: alice.id }, 'two');
    const batch = JSON.parse((await again.second.request(`/poll?after=${cursor}`, { cookie: alice.cookie })).body);
    t.like(batch, { messages: [{ offset: 2, data: 'two' }], lost: 0 });
    t.is(again.demo.stderr, '');
  },
);

test.serial(
  'a node that dies is told, and the other goes on with its clients; when the last has died, all is over',
  async (t) => {
    const pair = await startPair(t);
    const { demo, first, second } = pair;
    const alice = await first.logIn('alice');
    await first.push({ session: alice.id }, 'one');
    const pids = pidsOf(pair);
    process.kill(first.pid, 'SIGKILL');
    await until(() => demo.stderr.includes('node 1 ended with SIGKILL'));
    const batch = JSON.parse((await second.request('/poll?after=', { cookie: alice.cookie })).body);
    t.like(batch, { messages: [{ data: 'one' }], lost: 0 });
    process.kill(second.pid, 'SIGKILL');
    t.is(await demo.exit, 1);
    t.regex(demo.stderr, /node 2 ended with SIGKILL/);
    t.deepEqual(pids.filter(isAlive), []);
  },
);

test.serial('a second signal ends everyone at once', async (t) => {
  const pair = await startPair(t);
  const pids = pidsOf(pair);
  process.kill(pair.second.pid, 'SIGSTOP');
  pair.demo.signal('SIGTERM');
  await until(() => !isAlive(pair.first.pid));
  pair.demo.signal('SIGTERM');
  t.is(await pair.demo.exit, 143);
  await until(() => !pids.some(isAlive));
  t.pass();
});

test.serial('a signal that comes while the nodes are still starting stops them all', async (t) => {
  const demo = DemoNodes.spawn(t, await DemoProcess.folder(t));
  await until(() => demo.stdout.includes('redis ('));
  demo.signal('SIGTERM');
  t.is(await demo.exit, 0);
  t.is(demo.stderr, '');
  t.false(isAlive(redisOf(demo).pid));
  t.false(demo.nodes.some(({ pid }) => isAlive(pid)));
});

test.serial('with REDIS_URL no Redis is started, and none is stopped; one folder is not shared by two', async (t) => {
  const owner = await startPair(t);
  const folder = await DemoProcess.folder(t);
  const guest = await DemoNodes.start(t, folder, { REDIS_URL: redisOf(owner.demo).url });
  t.is(guest.redis, undefined);
  const alice = await owner.first.logIn('alice');
  t.is((await guest.nodes[1]?.request('/sessions', { cookie: alice.cookie }))?.status, 200);
  guest.signal('SIGTERM');
  t.is(await guest.exit, 0);
  t.is((await owner.second.request('/sessions', { cookie: alice.cookie })).status, 200);

  const intruder = DemoNodes.spawn(t, owner.data);
  t.is(await intruder.exit, 1);
  t.regex(intruder.stderr, /^A Redis \(process \d+\) is at work on this folder/);
});

test.serial('without a Redis server, one line says what to install', async (t) => {
  const data = await DemoProcess.folder(t);
  const demo = DemoNodes.spawn(t, data, { PATH: data, REDIS_SERVER: '' });
  t.is(await demo.exit, 1);
  t.is(demo.stdout, '');
  t.regex(demo.stderr, /^There is no redis-server .* apt-get install redis-server.*\n$/);
});

test.serial('a port in use ends everyone with a clear error', async (t) => {
  const taken = await DemoProcess.start(t);
  const demo = DemoNodes.spawn(t, await DemoProcess.folder(t), { PORT: String(taken.port) });
  t.is(await demo.exit, 1);
  t.regex(demo.stderr, /EADDRINUSE/);
  t.regex(demo.stderr, /node 1 did not start/);
  t.false(isAlive(redisOf(demo).pid));
});
