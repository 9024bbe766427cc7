import { existsSync } from 'node:fs';
import { chmod, cp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { takenPort } from '../support/free-port.js';
import type { Connection } from '../support/http-client.js';
import { DemoProcess } from '../support/http-demo-process.js';
import { isProblem, problemIn, until } from '../support/http-kit.js';
import { rounds } from '../support/limits.js';
import { Teardowns } from '../support/teardowns.js';

const shared = new Teardowns();
/** The data folder of a stopped demo, with one of its sessions. Tests that start from a snapshot copy the folder. */
let stopped: { readonly data: string; readonly cookie: string; readonly id: string; readonly cursor: string };

test.after.always(() => shared.run());

/** Settings for sessions in memory, with a snapshot. */
const inMemory = { STORE: 'memory' };

const slowBody =
  'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';

/** Copies the data folder of the stopped demo, and returns the path of the copy. */
async function copyOfStopped(t: ExecutionContext): Promise<string> {
  const data = await DemoProcess.folder(t);
  await cp(stopped.data, data, { recursive: true });
  return data;
}

async function requireRetry(t: ExecutionContext, connection: Connection): Promise<{ readonly cursor: string }> {
  const response = await connection.response();
  t.is(response.status, 200);
  const batch = JSON.parse(response.body);
  t.true(Number.isInteger(batch.retry) && batch.retry > 0);
  t.false('closed' in batch, 'the session goes on');
  return batch;
}

test.serial.before('SIGTERM answers held polls with retry, writes the snapshot and exits 0', async (t) => {
  const demo = await DemoProcess.start(shared, undefined, inMemory);
  const alice = await demo.logIn('alice');
  await demo.push({ session: alice.id }, 'read before the stop');
  const { cursor } = JSON.parse((await demo.request('/poll?after=', { cookie: alice.cookie })).body);
  const held = [];
  for (let count = 0; count < 3; count += 1) held.push(await demo.hold((await demo.logIn('bob')).cookie, ''));
  const quiet = await demo.hold(alice.cookie, cursor);
  const idle = await demo.open();
  demo.signal('SIGTERM');
  for (const connection of held) await requireRetry(t, connection);
  t.is((await requireRetry(t, quiet)).cursor, cursor);
  t.is(await demo.exit, 0);
  for (const connection of [...held, quiet, idle]) await connection.close();
  t.is((await stat(demo.snapshot)).mode & 0o777, 0o600);
  t.false((await readFile(demo.snapshot, 'utf8')).includes(alice.token.slice(24)));
  t.is(demo.stderr, '');
  stopped = { data: demo.data, cookie: alice.cookie, id: alice.id, cursor };
});

test('after a restart, sessions, cursors and undelivered messages are unchanged; SIGINT stops the server, too', async (t) => {
  const { cookie, id, cursor } = stopped;
  const demo = await DemoProcess.start(t, await copyOfStopped(t), inMemory);
  t.is(JSON.parse((await demo.request('/sessions', { cookie })).body).sessions[0].id, id);
  await demo.push({ session: id }, 'after the restart');
  const batch = JSON.parse((await demo.request(`/poll?after=${cursor}`, { cookie })).body);
  t.deepEqual(
    batch.messages.map(({ offset, data }: { offset: number; data: unknown }) => [offset, data]),
    [[2, 'after the restart']],
  );
  t.is(batch.lost, 0);
  t.false('reset' in batch);
  for (const data of ['one', 'two', 'three']) await demo.push({ session: id }, data);
  const held = await demo.hold((await demo.logIn('carol')).cookie, '');
  demo.signal('SIGINT');
  await requireRetry(t, held);
  t.is(await demo.exit, 0);
  await held.close();

  const again = await DemoProcess.start(t, demo.data, inMemory);
  const undelivered = JSON.parse((await again.request(`/poll?after=${batch.cursor}`, { cookie })).body);
  t.deepEqual(
    undelivered.messages.map(({ data }: { data: unknown }) => data),
    ['one', 'two', 'three'],
  );
  t.is(demo.stderr + again.stderr, '');
});

test('a second signal, at least one second after the first, ends a slow stop immediately', async (t) => {
  const demo = await DemoProcess.start(t);
  const slow = await demo.open();
  // The body never ends, so the stop waits for drainTime.
  slow.sendRaw(slowBody);
  const held = await demo.hold((await demo.logIn('alice')).cookie, '');
  demo.signal('SIGTERM');
  await requireRetry(t, held);
  t.is(await demo.signalUntilEnd('SIGINT'), 130);
  await slow.close();
  await held.close();
});

test('a stop ends an unfinished request after drainTime, and still writes the snapshot and exits 0', async (t) => {
  const demo = await DemoProcess.start(t, undefined, { NODE_ENV: 'test', ...inMemory });
  const slow = await demo.open();
  slow.sendRaw(slowBody);
  await demo.logIn('alice');
  demo.signal('SIGTERM');
  t.is(await demo.exit, 0);
  t.true((await readFile(demo.snapshot, 'utf8')).includes('"alice"'));
  await slow.close();
});

test('while the server stops, /healthz is a 503 problem and /livez is 200', async (t) => {
  const demo = await DemoProcess.start(t);
  const paths = ['/healthz', '/livez'];
  const connections = [];
  for (const path of paths) {
    const connection = await demo.open();
    // Send an unfinished head, so that the stop does not close the connection as idle.
    connection.sendRaw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n`);
    connections.push(connection);
  }
  const held = await demo.hold((await demo.logIn('alice')).cookie, '');
  demo.signal('SIGTERM');
  await requireRetry(t, held);
  for (const connection of connections) connection.sendRaw('\r\n');
  const [health, live] = await Promise.all(connections.map((connection) => connection.response()));
  if (health === undefined || live === undefined) throw new Error('There are two connections');
  t.is(health.status, 503);
  t.true(isProblem(health));
  t.is(problemIn(health).code, 'STOPPED');
  t.is(health.headers.get('retry-after'), '1');
  t.is(live.status, 200);
  for (const connection of [...connections, held]) await connection.close();
  t.is(await demo.exit, 0);
});

test('a port in use is a clear error with exit code 1, and the snapshot is kept', async (t) => {
  const port = await takenPort(t);
  const data = await copyOfStopped(t);
  const refused = DemoProcess.spawn(t, data, { PORT: String(port), ...inMemory });
  t.is(await refused.exit, 1);
  t.regex(refused.stderr, /EADDRINUSE/);
  t.true(refused.stderr.includes(String(port)));
  t.is(refused.stdout, '');
  t.true((await readFile(refused.snapshot, 'utf8')).includes('"alice"'));
});

test('a snapshot of another policy that others may write to is refused with exit code 1, and the sessions are kept', async (t) => {
  const data = await copyOfStopped(t);
  const other = `${data}/sessions-reject.snapshot`;
  await writeFile(other, '', { mode: 0o666 });
  await chmod(other, 0o666);
  const refused = DemoProcess.spawn(t, data, inMemory);
  t.is(await refused.exit, 1);
  t.true(refused.stderr.includes(other), refused.stderr);
  t.true((await readFile(refused.snapshot, 'utf8')).includes('"alice"'));
});

test('a damaged snapshot is renamed with a warning on stderr, and the server starts without sessions', async (t) => {
  const data = await copyOfStopped(t);
  const snapshot = `${data}/sessions.snapshot`;
  const whole = await readFile(snapshot, 'utf8');
  await writeFile(snapshot, whole.replace('"alice"', '"mallo"'));
  const demo = await DemoProcess.start(t, data, inMemory);
  t.is((await demo.request('/sessions', { cookie: stopped.cookie })).status, 401);
  await until(() => demo.stderr.includes('SessionSnapshotWarning: The session snapshot '));
  const damaged = (await readdir(data)).filter((name) => name.startsWith('sessions.snapshot.damaged-'));
  t.is(damaged.length, 1);
});

const invalidSettings: readonly (readonly [environment: Readonly<Record<string, string>>, word: string])[] = [
  [{ SESSION_MAX_SESSION: '-1' }, 'maxSession'],
  [{ PORT: '99999' }, 'server.port'],
  [{ SESSION_ON_OVERFLOW: 'explode' }, 'onOverflow'],
  [{ DEMO_ADMIN_KEY: ' ', SESSION_POLL_TIME: '"soon"' }, 'pollTime'],
];

test('an invalid setting is an error that names it, with exit code 1', async (t) => {
  const data = await DemoProcess.folder(t);
  for (const [environment, word] of invalidSettings.slice(0, rounds({ sample: 2, full: invalidSettings.length }))) {
    const demo = DemoProcess.spawn(t, data, environment);
    t.is(await demo.exit, 1, word);
    t.true(demo.stderr.includes(word), demo.stderr);
    t.is(demo.stdout, '');
  }
});

test('a signal during the start does not lose the restored snapshot', async (t) => {
  const data = await copyOfStopped(t);
  for (let attempt = 0; attempt < rounds({ sample: 1, full: 10 }); attempt += 1) {
    const starting = DemoProcess.spawn(t, data, inMemory);
    // While the file does not exist, the sessions are only in memory.
    await until(() => !existsSync(starting.snapshot) || starting.isOver);
    starting.signal('SIGTERM');
    t.is(await starting.exit, 0);
    t.true((await readFile(starting.snapshot, 'utf8')).includes('"alice"'));
    t.is(starting.stderr, '');
  }
});

test('by default sessions are in a database file, and even a killed server logs no user out', async (t) => {
  const demo = await DemoProcess.start(t);
  const alice = await demo.logIn('alice');
  await demo.push({ session: alice.id }, 'before the kill');
  demo.signal('SIGKILL');
  t.is(await demo.exit, 'SIGKILL');
  const again = await DemoProcess.start(t, demo.data);
  const { messages, lost } = JSON.parse((await again.request('/poll?after=', { cookie: alice.cookie })).body);
  t.deepEqual([messages.map(({ data }: { data: unknown }) => data), lost], [['before the kill'], 0]);
  again.signal('SIGTERM');
  t.is(await again.exit, 0);
  t.is(again.stderr, '');
});
