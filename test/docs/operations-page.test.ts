import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { memoryStore, SessionContext, startSessions } from '../../src/index.js';
import { projectPath, readProjectFile } from '../architecture/source-tree.js';
import { findProgram } from '../proxies/proxy.js';
import { eventually } from '../support/eventually.js';
import { freePorts, takenPort } from '../support/free-port.js';
import { limits } from '../support/limits.js';
import { codeBlocks } from './pages.js';
import { readTable } from './tables.js';

const run = promisify(execFile);
const page = 'docs/operations.md';
// Within the project, so that `session-mailbox` resolves to this package, and other packages to those installed here.
const folder = projectPath('.build/docs-samples/operations');

function blockOf(language: string): string {
  const [block] = codeBlocks(page, [language]);
  if (block === undefined) throw new Error(`${page} has no ${language} block`);
  return block.text;
}

const fromStart = { language: 'js', file: 'server.mjs' } as const;

test.before(async () => {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, fromStart.file), blockOf(fromStart.language));
});

interface RunningServer {
  readonly url: string;
  readonly child: ChildProcess;
  /** Returns what the server has printed. */
  output(): string;
}

/** Starts the server of the page. @param before the command that starts Node, if the test does not start Node directly */
async function startServer(t: ExecutionContext, before: readonly string[] = []): Promise<RunningServer> {
  const [port = 0] = await freePorts(1);
  const data = await mkdtemp(join(tmpdir(), 'session-mailbox-operations-'));
  t.teardown(() => rm(data, { recursive: true, force: true }));
  const [program = '', ...args] = [...before, process.execPath, fromStart.file];
  const env = { ...process.env, PORT: String(port), SESSIONS: join(data, 'sessions.snapshot') };
  const child = spawn(program, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  child.stdout.on('data', (text: Buffer) => {
    output += text.toString();
  });
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  await eventually(() => ended() || output.includes('listens'), {
    patience: limits.processes,
    what: 'the server listens',
  });
  if (ended()) throw new Error(`The server ended (${child.exitCode ?? child.signalCode}) before it listened`);
  return { url: `http://127.0.0.1:${port}`, child, output: () => output };
}

async function statusOf(url: string): Promise<number> {
  const response = await fetch(url);
  await response.arrayBuffer();
  return response.status;
}

test('the server of the page answers its probes and has metrics, and SIGTERM stops it with 0', async (t) => {
  t.timeout(limits.test);
  const { url, child } = await startServer(t);
  t.is(await statusOf(`${url}/livez`), 200);
  t.is(await statusOf(`${url}/healthz`), 200);
  t.is(await statusOf(`${url}/poll`), 401);
  t.is(await statusOf(`${url}/none`), 404);
  t.regex(await (await fetch(`${url}/metrics`)).text(), /^session_mailbox_store_up 1$/m);
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  t.deepEqual(await exited, [0, null]);
});

test('a server of the page whose port is taken exits with 1, and keeps the sessions that it restored', async (t) => {
  t.timeout(limits.test);
  const folderOf = await mkdtemp(join(tmpdir(), 'session-mailbox-operations-'));
  t.teardown(() => rm(folderOf, { recursive: true, force: true }));
  const path = join(folderOf, 'sessions.snapshot');
  const first = await startSessions({}, memoryStore({ snapshot: { path } }));
  const { id } = await first.sessions.createSession('alice');
  await first.stop();
  const taken = await takenPort(t);
  const env = { ...process.env, PORT: String(taken), SESSIONS: path };
  const child = spawn(process.execPath, [fromStart.file], { cwd: folder, env, stdio: 'ignore' });
  t.deepEqual(await once(child, 'exit'), [1, null]);
  const second = await startSessions({}, memoryStore({ snapshot: { path } }));
  t.is((await second.sessions.getSession(id)).accountId, 'alice');
  await second.stop();
});

test('the unit of the page starts the server of the page, and its stop timeout is longer than drainTime', (t) => {
  const unit = blockOf('ini');
  t.regex(unit, /^ExecStart=\S*node server\.mjs$/m);
  t.true(Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)?.[1]) * 1000 > new SessionContext().drainTime);
});

const isSystemdMissing = findProgram('systemd-analyze') === undefined;

// systemd-analyze is part of systemd, which most containers do not have.
(isSystemdMissing ? test.skip : test)(
  `${isSystemdMissing ? 'skipped, no systemd-analyze here: ' : ''}systemd accepts the unit of the page`,
  async (t) => {
    t.timeout(limits.test);
    const unit = blockOf('ini').replace('/usr/bin/node', process.execPath);
    await writeFile(join(folder, 'sessions.service'), unit);
    const { stderr } = await run('systemd-analyze', ['verify', '--man=no', join(folder, 'sessions.service')]);
    t.notRegex(stderr, /sessions\.service/);
  },
);

test('the container of the page starts Node without a shell, so that Node is process 1', (t) => {
  const file = blockOf('dockerfile');
  t.true(file.includes('CMD ["node", "server.mjs"]'));
});

const isUnshareMissing = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', 'true']).status !== 0;

// Creating a namespace requires root, or a kernel that lets users create namespaces.
(isUnshareMissing ? test.skip : test)(
  `${isUnshareMissing ? 'skipped, unshare is not permitted here: ' : ''}as process 1 of a namespace the server stops at SIGTERM with exit code 0`,
  async (t) => {
    t.timeout(limits.test);
    const { url, child, output } = await startServer(t, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
    t.regex(output(), /^pid 1 listens/m);
    t.is(await statusOf(`${url}/healthz`), 200);
    // To signal the server from outside the namespace, use the process number that it has outside.
    const children = await readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8');
    const exited = once(child, 'exit');
    process.kill(Number(children.trim()), 'SIGTERM');
    t.deepEqual(await exited, [0, null]);
  },
);

test('the probes of the page are routes of its server, and its grace is longer than preStop and drainTime', async (t) => {
  t.timeout(limits.test);
  const text = blockOf('yaml');
  const { url } = await startServer(t);
  const paths = [...text.matchAll(/path: (\/\w+)/g)].map(([, path = '']) => path);
  t.deepEqual(paths, ['/livez', '/livez', '/healthz']);
  for (const path of paths) t.is(await statusOf(`${url}${path}`), 200, path);
  const grace = Number(/terminationGracePeriodSeconds: (\d+)/.exec(text)?.[1]);
  const pause = Number(/\[sleep, "(\d+)"\]/.exec(text)?.[1]);
  t.true(grace > pause + new SessionContext().drainTime / 1000);
});

/** `80 000`, `75 µs` and `12.6 GB` as numbers. */
function numberOf(cell = ''): number {
  return Number(/^[\d ]+(?:\.\d+)?/.exec(cell)?.[0].replaceAll(' ', ''));
}

test('the capacity model of the page adds up', (t) => {
  const text = readProjectFile(page);
  const steps = readTable(text, '| step | each second | Redis CPU each | cores |');
  let cores = 0;
  for (const [step, rate, cost, stated = ''] of steps) {
    const own = (numberOf(rate) * numberOf(cost)) / 1_000_000;
    t.is(own.toFixed(1), stated, step);
    cores += own;
  }
  t.regex(text, new RegExp(`^Together ${Math.round(cores)} cores`, 'm'));
  const [sessions, messages] = readTable(text, '| memory | each | bytes |').map(([what, each, stated]) => {
    const gigabytes = (numberOf(what) * numberOf(each)) / 1e9;
    t.is(gigabytes.toFixed(1), String(numberOf(stated)), what);
    return gigabytes;
  });
  t.regex(text, new RegExp(`^Together ${((sessions ?? 0) + (messages ?? 0)).toFixed(1)} GB`, 'm'));
});
