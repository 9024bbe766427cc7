import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ClusterTraffic } from '../support/cluster-traffic.js';
import { isAlive } from '../support/demo-nodes.js';
import { takenPort } from '../support/free-port.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { until } from '../support/http-kit.js';
import { limits, rounds } from '../support/limits.js';
import { Teardowns } from '../support/teardowns.js';

const fullConfiguration = {
  // A reload waits this long for idle connections. Shorter than the default, to save time.
  server: { host: '127.0.0.1', port: 0, keepAliveTimeout: 2_000 },
  workers: 2,
  data: '.data',
  redis: {},
  adminKey: 'key',
  http: { secure: false, trustedOrigins: [] },
  session: { msgMaxLength: 100_000 },
};

const shared = new Teardowns();
let data: string;
/** The cluster, which the tests use one after the other. The last tests stop it and start it again with the same data. */
let demo: DemoProcess;

function startCluster(): Promise<DemoProcess> {
  return DemoProcess.start(shared, data, { NODE_CONFIG_DIR: data }, 'cluster');
}

/** Returns the process ids of all workers that the cluster has had so far, in the order of their starts. */
function workersOf({ stdout }: DemoProcess): readonly number[] {
  return [...stdout.matchAll(/^worker \d \(process (\d+)\) serves$/gm)].map(([, pid]) => Number(pid));
}

function liveWorkers(): readonly number[] {
  return workersOf(demo).filter(isAlive);
}

function reloadsOf({ stdout }: DemoProcess): number {
  return stdout.match(/^reloaded$/gm)?.length ?? 0;
}

async function reload(): Promise<void> {
  const before = reloadsOf(demo);
  demo.signal('SIGUSR2');
  await until(() => reloadsOf(demo) === before + 1, limits.processes);
}

test.before(async () => {
  data = await DemoProcess.folder(shared);
  await writeFile(join(data, 'default.json'), JSON.stringify(fullConfiguration));
  await writeFile(join(data, 'local.json'), '{}');
  demo = await startCluster();
});

test.after.always(() => shared.run());

test.serial(
  'all workers serve one port and share the sessions: a push at any worker answers a poll at any worker',
  async (t) => {
    t.is(liveWorkers().length, 2);
    const alice = await demo.logIn('alice');
    const held = [];
    // The primary passes connections to the workers in turn.
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
  },
);

test.serial(
  'SIGUSR2 replaces each worker, refuses no request, loses no message, and reads the configuration again',
  async (t) => {
    await writeFile(join(data, 'local.json'), JSON.stringify({ session: { maxSession: 7 } }));
    const cookies = [];
    for (let index = 0; index < 6; index += 1) cookies.push((await demo.logIn(`account-${index}`)).cookie);
    const old = liveWorkers();
    const traffic = new ClusterTraffic(demo.port, cookies);
    for (let round = rounds({ sample: 1, full: 5 }); round > 0; round -= 1) {
      const before = traffic.pushed;
      await reload();
      await until(() => traffic.pushed > before + 100, limits.processes);
    }
    await traffic.end();
    t.deepEqual(traffic.faults, []);
    t.deepEqual(old.filter(isAlive), []);
    t.is(liveWorkers().length, 2);
    t.is(JSON.parse((await demo.request('/settings')).body).maxSession, 7);
    t.is(demo.stderr, '');
  },
);

test.serial('a worker that dies is replaced, and its clients stay logged in', async (t) => {
  const bob = await demo.logIn('bob');
  await demo.push({ account: 'bob' }, 'one');
  const count = workersOf(demo).length;
  // Kill one worker at a time: without any worker the system would release the port that it has chosen.
  for (const [index, pid] of liveWorkers().entries()) {
    process.kill(pid, 'SIGKILL');
    await until(() => workersOf(demo).length === count + index + 1, limits.processes);
  }
  t.is(demo.stderr.match(/^worker \d \(process \d+\) ended with SIGKILL and is replaced$/gm)?.length, 2);
  const batch = JSON.parse((await demo.request('/poll?after=', { cookie: bob.cookie })).body);
  t.like(batch, { messages: [{ data: 'one' }], lost: 0 });
});

test.serial('the page may kill a worker, which is replaced, and reload the others; no session ends', async (t) => {
  const login = await demo.post('/policies/reject/login', { account: 'paula', device: 'Phone' });
  const { id, token } = JSON.parse(login.body);
  const asAdmin = { 'X-Admin-Key': 'key' };
  await demo.post('/policies/reject/messages', { to: { session: id }, data: 'one' }, asAdmin);
  const count = workersOf(demo).length;
  const { pid } = JSON.parse((await demo.post('/operations/kill', {}, asAdmin)).body);
  await until(() => workersOf(demo).length === count + 1, limits.processes);
  t.false(isAlive(pid));
  const before = reloadsOf(demo);
  t.is((await demo.post('/operations/restart', {}, asAdmin)).status, 202);
  await until(() => reloadsOf(demo) === before + 1, limits.processes);
  const batch = JSON.parse((await demo.request('/policies/reject/poll?after=&wait=0', { token })).body);
  t.like(batch, { messages: [{ data: 'one' }], lost: 0 });
  const { startedBy, can } = JSON.parse((await demo.request('/operations')).body);
  t.deepEqual([startedBy, can], ['start:cluster', { restart: true, kill: true, redis: false }]);
});

test.serial('a worker that dies while a reload replaces it is replaced once', async (t) => {
  const count = workersOf(demo).length;
  const reloading = reload();
  process.kill(liveWorkers()[0] ?? Number.NaN, 'SIGKILL');
  await reloading;
  t.is(workersOf(demo).length, count + 2);
  t.is(liveWorkers().length, 2);
});

test.serial('a reload with an invalid configuration fails, and the old workers continue', async (t) => {
  const carol = await demo.logIn('carol');
  const old = liveWorkers();
  await writeFile(join(data, 'local.json'), JSON.stringify({ session: { maxSession: -1 } }));
  demo.signal('SIGUSR2');
  await until(() => /reload failed: worker \d did not start: it ended with 1/.test(demo.stderr), limits.processes);
  t.regex(demo.stderr, /maxSession/);
  t.is((await demo.request('/sessions', { cookie: carol.cookie })).status, 200);
  t.deepEqual(liveWorkers(), old);
  await writeFile(join(data, 'local.json'), '{}');
});

/** Ends the cluster, starts it again, and checks that a previous session is unchanged. */
async function restart(t: ExecutionContext, account: string, end: (held: string) => Promise<void>): Promise<void> {
  const { cookie } = await demo.logIn(account);
  await demo.push({ account }, 'one');
  const { cursor } = JSON.parse((await demo.request('/poll?after=', { cookie })).body);
  const ended = demo;
  await end(cookie);
  await until(() => !workersOf(ended).some(isAlive), limits.processes);
  demo = await startCluster();
  await demo.push({ account }, 'two');
  const batch = JSON.parse((await demo.request(`/poll?after=${cursor}`, { cookie })).body);
  t.like(batch, { messages: [{ offset: 2, data: 'two' }], lost: 0 });
}

test.serial('Ctrl-C, which signals all processes, stops them cleanly; a restart has all sessions', async (t) => {
  await restart(t, 'dora', async (cookie) => {
    const held = await demo.hold(cookie, (await emptyPoll(cookie)).cursor);
    for (const pid of liveWorkers()) process.kill(pid, 'SIGINT');
    demo.signal('SIGINT');
    t.true(JSON.parse((await held.response()).body).retry > 0);
    t.is(await demo.exit, 0);
    await held.close();
  });
});

test.serial('SIGHUP of a closed terminal, which signals all processes, stops them cleanly', async (t) => {
  await restart(t, 'fred', async (cookie) => {
    const held = await demo.hold(cookie, (await emptyPoll(cookie)).cursor);
    for (const pid of liveWorkers()) process.kill(pid, 'SIGHUP');
    demo.signal('SIGHUP');
    t.true(JSON.parse((await held.response()).body).retry > 0);
    t.is(await demo.exit, 0);
    await held.close();
  });
});

async function emptyPoll(cookie: string): Promise<{ readonly cursor: string }> {
  return JSON.parse((await demo.request('/poll?after=&wait=0', { cookie })).body);
}

test.serial('SIGKILL to the primary leaves no worker behind; a restart has all sessions', async (t) => {
  await restart(t, 'emma', async () => {
    demo.signal('SIGKILL');
    t.is(await demo.exit, 'SIGKILL');
  });
});

test.serial('SIGTERM to the primary stops all workers cleanly', async (t) => {
  demo.signal('SIGTERM');
  t.is(await demo.exit, 0);
  t.deepEqual(liveWorkers(), []);
  t.is(demo.stderr, '');
});

test.serial('a port in use is a clear error with exit code 1', async (t) => {
  const port = await takenPort(t);
  const settings = { WORKERS: '1', PORT: String(port) };
  const refused = DemoProcess.spawn(t, await DemoProcess.folder(t), settings, 'cluster');
  t.is(await refused.exit, 1);
  t.regex(refused.stderr, /EADDRINUSE/);
  t.regex(refused.stderr, /worker \d did not start/);
});
