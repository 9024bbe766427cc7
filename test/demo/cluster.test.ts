import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ClusterTraffic } from '../support/cluster-traffic.js';
import { isAlive } from '../support/demo-nodes.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { until } from '../support/http-kit.js';

const settings = { WORKERS: '2', SESSION_MSG_MAX_LENGTH: '100000' };
/** A reload waits for connections that are idle, and this machine may be busy. Milliseconds. */
const reloadTime = 60_000;

function startCluster(t: ExecutionContext, data?: string, environment: Readonly<Record<string, string>> = settings) {
  return DemoProcess.start(t, data, environment, 'cluster');
}

/** Every worker that ever served, in the order in which they began to. */
function workersOf({ stdout }: DemoProcess): readonly number[] {
  return [...stdout.matchAll(/^worker \d \(process (\d+)\) serves$/gm)].map(([, pid]) => Number(pid));
}

function reloadsOf({ stdout }: DemoProcess): number {
  return stdout.match(/^reloaded$/gm)?.length ?? 0;
}

// One after the other: each starts several processes.
test.serial('all workers serve one port and share the sessions: a push at any wakes a poll at any', async (t) => {
  const demo = await startCluster(t);
  t.is(workersOf(demo).length, 2);
  const alice = await demo.logIn('alice');
  const held = [];
  // Connections go to the workers in turns.
  for (const reader of ['a', 'b', 'c', 'd']) {
    const { cursor } = JSON.parse(
      (await demo.request(`/poll?reader=${reader}&after=&wait=0`, { cookie: alice.cookie })).body,
    );
    const connection = await demo.open();
    held.push(connection.send(`/poll?reader=${reader}&after=${cursor}`, { cookie: alice.cookie }));
  }
  await demo.push({ account: 'alice' }, 'hi');
  for (const connection of held) {
    const { body } = await connection.response();
    t.like(JSON.parse(body), { messages: [{ offset: 1, data: 'hi' }], lost: 0 }, body);
    await connection.close();
  }
  t.is(demo.stderr, '');
});

test.serial('SIGHUP replaces each worker, and meanwhile no request is refused and no message lost', async (t) => {
  const demo = await startCluster(t);
  const cookies = [];
  for (let index = 0; index < 6; index += 1) cookies.push((await demo.logIn(`account-${index}`)).cookie);
  const traffic = new ClusterTraffic(demo.port, cookies);
  for (const round of [1, 2]) {
    const before = traffic.pushed;
    demo.signal('SIGHUP');
    await until(() => reloadsOf(demo) === round, reloadTime);
    await until(() => traffic.pushed > before + 100, reloadTime);
  }
  await traffic.end();
  t.deepEqual(traffic.faults, []);
  const workers = workersOf(demo);
  t.is(new Set(workers).size, 6);
  t.deepEqual(workers.map(isAlive), [false, false, false, false, true, true]);
  t.is(demo.stderr, '');
});

test.serial('a worker that dies is followed by another, and nobody is logged out', async (t) => {
  const demo = await startCluster(t);
  const alice = await demo.logIn('alice');
  await demo.push({ account: 'alice' }, 'one');
  // One after the other: with the last worker the port is given up, which the system chose.
  for (const [index, pid] of workersOf(demo).entries()) {
    process.kill(pid, 'SIGKILL');
    await until(() => workersOf(demo).length === 3 + index, reloadTime);
  }
  t.is(demo.stderr.match(/^worker \d \(process \d+\) ended with SIGKILL; another takes its place$/gm)?.length, 2);
  const batch = JSON.parse((await demo.request('/poll?after=', { cookie: alice.cookie })).body);
  t.like(batch, { messages: [{ data: 'one' }], lost: 0 });
});

test.serial('a worker that dies while a reload replaces it is followed by one, not by two', async (t) => {
  const demo = await startCluster(t);
  const [first] = workersOf(demo);
  demo.signal('SIGHUP');
  if (first !== undefined) process.kill(first, 'SIGKILL');
  await until(() => reloadsOf(demo) === 1, reloadTime);
  t.is(workersOf(demo).length, 4);
  t.is(workersOf(demo).filter(isAlive).length, 2);
});

test.serial('a reload to what can’t start is given up, and the workers that serve go on', async (t) => {
  const data = await DemoProcess.folder(t);
  const local = join(data, 'local.json');
  await writeFile(join(data, 'default.json'), JSON.stringify(fullConfiguration));
  await writeFile(local, '{}');
  const demo = await startCluster(t, data, { ...settings, NODE_CONFIG_DIR: data });
  const alice = await demo.logIn('alice');
  await writeFile(local, JSON.stringify({ session: { maxSession: -1 } }));
  demo.signal('SIGHUP');
  await until(() => demo.stderr.includes('reload given up: worker 1 did not start: it ended with 1'), reloadTime);
  t.regex(demo.stderr, /maxSession/);
  t.is((await demo.request('/sessions', { cookie: alice.cookie })).status, 200);
  await writeFile(local, JSON.stringify({ session: { maxSession: 7 } }));
  demo.signal('SIGHUP');
  await until(() => reloadsOf(demo) === 1, reloadTime);
  t.is(JSON.parse((await demo.request('/settings')).body).maxSession, 7);
  t.is(workersOf(demo).filter(isAlive).length, 2);
});

const fullConfiguration = {
  server: { host: '127.0.0.1', port: 0 },
  workers: 2,
  data: '.data',
  redis: {},
  adminKey: 'key',
  http: { secure: false, trustedOrigins: [] },
  session: {},
};

for (const [signal, ending] of [
  ['SIGTERM', 0],
  ['SIGKILL', 'SIGKILL'],
] as const) {
  test.serial(`${signal} to the primary leaves no worker behind; after a start all sessions are there`, async (t) => {
    const demo = await startCluster(t);
    const alice = await demo.logIn('alice');
    await demo.push({ account: 'alice' }, 'one');
    const { cursor } = JSON.parse((await demo.request('/poll?after=', { cookie: alice.cookie })).body);
    demo.signal(signal);
    t.is(await demo.exit, ending);
    await until(() => !workersOf(demo).some(isAlive));
    t.is(demo.stderr, '');

    const again = await startCluster(t, demo.data);
    await again.push({ account: 'alice' }, 'two');
    const batch = JSON.parse((await again.request(`/poll?after=${cursor}`, { cookie: alice.cookie })).body);
    t.like(batch, { messages: [{ offset: 2, data: 'two' }], lost: 0 });
  });
}

test.serial('Ctrl-C, which reaches everyone, ends all of them in good order', async (t) => {
  const demo = await startCluster(t);
  const alice = await demo.logIn('alice');
  const { cursor } = JSON.parse((await demo.request('/poll?after=&wait=0', { cookie: alice.cookie })).body);
  const held = await demo.hold(alice.cookie, cursor);
  for (const pid of workersOf(demo)) process.kill(pid, 'SIGINT');
  demo.signal('SIGINT');
  t.true(JSON.parse((await held.response()).body).retry > 0);
  t.is(await demo.exit, 0);
  t.false(workersOf(demo).some(isAlive));
  await held.close();
});

test.serial('a port in use ends everyone with a clear error', async (t) => {
  const taken = await DemoProcess.start(t);
  const data = await DemoProcess.folder(t);
  const demo = DemoProcess.spawn(t, data, { ...settings, PORT: String(taken.port) }, 'cluster');
  t.is(await demo.exit, 1);
  t.regex(demo.stderr, /EADDRINUSE/);
  t.regex(demo.stderr, /worker \d did not start/);
});
