import { existsSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import test from 'ava';
import { DemoProcess } from '../support/http-demo-process.js';
import { until } from '../support/http-kit.js';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} answers held polls with retry, writes the snapshot and exits 0; after a restart all goes on`, async (t) => {
    const demo = await DemoProcess.start(t);
    const alice = await demo.logIn('alice');
    await demo.push({ session: alice.id }, 'read before');
    const { cursor } = JSON.parse((await demo.request('/poll?after=', { cookie: alice.cookie })).body);
    const held = [];
    for (let count = 0; count < 3; count += 1) {
      const { cookie } = await demo.logIn('bob');
      held.push(await demo.hold(cookie, ''));
    }
    const quiet = await demo.hold(alice.cookie, cursor);
    held.push(quiet);
    const idle = await demo.open();
    demo.signal(signal);
    for (const connection of held) {
      const response = await connection.response();
      t.is(response.status, 200);
      const batch = JSON.parse(response.body);
      t.true(Number.isInteger(batch.retry) && batch.retry > 0);
      t.false('closed' in batch, 'nobody is logged out');
      if (connection === quiet) t.is(batch.cursor, cursor);
    }
    t.is(await demo.exit, 0);
    for (const connection of [...held, idle]) await connection.close();
    t.is((await stat(demo.snapshot)).mode & 0o777, 0o600);
    t.false((await readFile(demo.snapshot, 'utf8')).includes(alice.token.slice(24)));
    t.is(demo.stderr, '');

    const again = await DemoProcess.start(t, demo.data);
    t.is(JSON.parse((await again.request('/sessions', { cookie: alice.cookie })).body).sessions[0].id, alice.id);
    await again.push({ session: alice.id }, 'after the restart');
    const batch = JSON.parse((await again.request(`/poll?after=${cursor}`, { cookie: alice.cookie })).body);
    t.deepEqual(
      { ...batch, messages: batch.messages.map(({ data }: { data: unknown }) => data) },
      {
        messages: ['after the restart'],
        cursor: `${cursor.split('.')[0]}.2`,
        lost: 0,
      },
    );
    t.is(again.stderr, '');
  });
}

test('what was undelivered at the stop is delivered after the start', async (t) => {
  const demo = await DemoProcess.start(t);
  const alice = await demo.logIn('alice');
  for (const data of ['one', 'two', 'three']) await demo.push({ session: alice.id }, data);
  demo.signal('SIGTERM');
  t.is(await demo.exit, 0);
  const again = await DemoProcess.start(t, demo.data);
  const batch = JSON.parse((await again.request('/poll', { cookie: alice.cookie })).body);
  t.deepEqual(
    batch.messages.map(({ data }: { data: unknown }) => data),
    ['one', 'two', 'three'],
  );
});

for (const [first, second, code] of [
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGTERM', 'SIGINT', 130],
  ['SIGINT', 'SIGINT', 130],
] as const) {
  test(`${second} while a stop by ${first} is slow exits at once with ${code}`, async (t) => {
    const demo = await DemoProcess.start(t);
    const slow = await demo.open();
    // A request that never ends keeps the server from closing until the stop loses its patience.
    slow.sendRaw('POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
    const { cookie } = await demo.logIn('alice');
    const held = await demo.hold(cookie, '');
    demo.signal(first);
    t.true(JSON.parse((await held.response()).body).retry > 0, 'the stop has begun');
    const before = performance.now();
    demo.signal(second);
    t.is(await demo.exit, code);
    t.true(performance.now() - before < 4_000, 'it did not wait for the patience of the stop, 5 seconds, to end');
    await slow.close();
    await held.close();
  });
}

test('a stop that waits for a request loses its patience after drainTime, and still exits 0 with a snapshot', async (t) => {
  const demo = await DemoProcess.start(t, undefined, { NODE_ENV: 'test' });
  const slow = await demo.open();
  slow.sendRaw('POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{');
  await demo.logIn('alice');
  demo.signal('SIGTERM');
  t.is(await demo.exit, 0);
  t.true((await readFile(demo.snapshot, 'utf8')).includes('"alice"'));
  await slow.close();
});

test('a port in use is a clear error and exit code 1, and the sessions survive it', async (t) => {
  const first = await DemoProcess.start(t);
  const data = await DemoProcess.folder(t);
  const other = await DemoProcess.start(t, data);
  const alice = await other.logIn('alice');
  other.signal('SIGTERM');
  t.is(await other.exit, 0);
  const refused = DemoProcess.spawn(t, data, { PORT: String(first.port) });
  t.is(await refused.exit, 1);
  t.regex(refused.stderr, /EADDRINUSE/);
  t.true(refused.stderr.includes(String(first.port)));
  t.is(refused.stdout, '');
  const again = await DemoProcess.start(t, data);
  t.is((await again.request('/sessions', { cookie: alice.cookie })).status, 200);
});

test('a damaged snapshot is set aside with a warning on stderr, and the server starts empty', async (t) => {
  const demo = await DemoProcess.start(t);
  const alice = await demo.logIn('alice');
  demo.signal('SIGTERM');
  await demo.exit;
  const whole = await readFile(demo.snapshot, 'utf8');
  const damages = [
    whole.slice(0, -10),
    whole.replace('"alice"', '"mallo"'),
    '',
    'nonsense',
    whole.replace('"version":1', '"version":9'),
  ];
  for (const damaged of damages) {
    await writeFile(demo.snapshot, damaged);
    const again = await DemoProcess.start(t, demo.data);
    t.is((await again.request('/sessions', { cookie: alice.cookie })).status, 401);
    await until(() => again.stderr.includes('set aside'));
    t.regex(again.stderr, /SessionSnapshotWarning: The session snapshot .* can't be used/);
    again.signal('SIGTERM');
    t.is(await again.exit, 0);
  }
  const names = await readdir(demo.data);
  t.is(names.filter((name) => name.startsWith('sessions.snapshot.damaged-')).length, damages.length);
});

test('a configuration that is not usable is a clear error and exit code 1', async (t) => {
  const data = await DemoProcess.folder(t);
  for (const [environment, word] of [
    [{ PORT: '99999' }, 'server.port'],
    [{ SESSION_MAX_SESSION: '-1' }, 'maxSession'],
    [{ SESSION_ON_OVERFLOW: 'explode' }, 'onOverflow'],
    [{ DEMO_ADMIN_KEY: ' ', SESSION_POLL_TIME: '"soon"' }, 'pollTime'],
  ] as const) {
    const demo = DemoProcess.spawn(t, data, environment);
    t.is(await demo.exit, 1, word);
    t.true(demo.stderr.includes(word), demo.stderr);
    t.is(demo.stdout, '');
  }
});

test('a signal that comes while the server is still starting finds its way to the snapshot', async (t) => {
  const demo = await DemoProcess.start(t);
  const alice = await demo.logIn('alice');
  demo.signal('SIGTERM');
  await demo.exit;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const starting = DemoProcess.spawn(t, demo.data);
    // Restored, the sessions are only in memory.
    await until(() => !existsSync(demo.snapshot));
    starting.signal('SIGTERM');
    t.is(await starting.exit, 0);
    t.true(existsSync(demo.snapshot));
    t.is(starting.stderr, '');
  }
  const again = await DemoProcess.start(t, demo.data);
  t.is((await again.request('/sessions', { cookie: alice.cookie })).status, 200);
});
