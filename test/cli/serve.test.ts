import { join } from 'node:path';
import test from 'ava';
import { serverFor } from '../stores/redis/places.js';
import { CliProcess } from '../support/cli-process.js';
import { freePorts } from '../support/free-port.js';
import { Connection } from '../support/http-client.js';

const server = serverFor(test);
const create = '/shop/create/alice?ip=192.0.2.7';

test('without a Redis the service keeps sessions in memory, and listens on the loopback interface only', async (t) => {
  const cli = await CliProcess.serve(t);
  t.regex(
    cli.stdout,
    /^session-mailbox: http:\/\/127\.0\.0\.1:\d+ \(sessions in memory: they end with the process\)\n$/,
  );
  const token = await cli.create(create);
  t.like(await cli.json(`/shop/get/${token}`), { id: 'alice' });
  cli.signal('SIGTERM');
  t.is(await cli.exit, 0);
  t.is(cli.stderr, '');
});

test('two services that the environment variables of rest-sessions point to one Redis share their sessions', async (t) => {
  const environment = { RS_REDISHOST: '127.0.0.1', RS_REDISPORT: String(server().port), RS_NAMESPACE: 'shared' };
  const [one, other] = await Promise.all([CliProcess.serve(t, [], environment), CliProcess.serve(t, [], environment)]);
  const token = await one.create(create);
  t.like(await other.json(`/shop/get/${token}`), { id: 'alice', r: 1 });
  t.deepEqual(await other.json('/healthz'), { status: 'ok' });
  const keys = await server().client.keys('shared:*');
  t.true(keys.length > 0);
  const apart = await CliProcess.serve(t, ['--redis', server().url, '--namespace', 'apart']);
  t.deepEqual(await apart.json(`/shop/get/${token}`), {});
});

test('RS_REDISURL of rest-sessions names the Redis, and wins over RS_REDISHOST and RS_REDISPORT', async (t) => {
  const environment = { RS_REDISURL: server().url, RS_REDISPORT: '1', RS_NAMESPACE: 'by-url' };
  const cli = await CliProcess.serve(t, [], environment);
  await cli.create(create);
  t.true((await server().client.keys('by-url:*')).length > 0);
});

test('a signal answers held polls, and a snapshot keeps the sessions', async (t) => {
  const snapshot = join(await CliProcess.folder(t), 'sessions.snapshot');
  const cli = await CliProcess.serve(t, ['--snapshot', snapshot]);
  const token = await cli.create(create);
  const held = await Connection.open(cli.port);
  held.send('/poll?app=shop&after=', { token });
  // The response to this later request shows that the service has read the poll.
  await cli.request('/ping');
  cli.signal('SIGINT');
  const answer = JSON.parse((await held.response()).body);
  t.is(typeof answer.retry, 'number');
  t.is(await cli.exit, 0);
  await held.close();
  const again = await CliProcess.serve(t, ['--snapshot', snapshot]);
  t.like(await again.json(`/shop/get/${token}`), { id: 'alice' });
});

test('flags and environment variables set the API key, the strict statuses and the session limit', async (t) => {
  const args = ['--strict-status', '--max-session', '1'];
  const cli = await CliProcess.serve(t, args, { RS_APIKEY: 'secret' });
  const headers = { 'X-API-Key': 'secret' };
  t.is((await cli.request('/shop/soid/alice')).status, 401);
  t.is((await cli.request('/shop/get/short', { headers })).status, 400);
  t.is((await cli.request(create, { method: 'PUT', headers })).status, 200);
  t.is((await cli.request(create, { method: 'PUT', headers })).status, 409);
});

test('a port in use, or a Redis that is not reachable, is an error with exit code 1', async (t) => {
  const cli = await CliProcess.serve(t);
  const second = await CliProcess.run(t, ['serve', '--port', String(cli.port)]);
  t.is(await second.exit, 1);
  t.regex(second.stderr, /EADDRINUSE/);
  const lost = await CliProcess.run(t, ['serve', '--redis', 'redis://127.0.0.1:1']);
  t.is(await lost.exit, 1);
  t.regex(lost.stderr, /^Redis can't be used: .*ECONNREFUSED/);
});

test('a snapshot that can not be used is an error with exit code 1, and nothing listens', async (t) => {
  const folder = await CliProcess.folder(t);
  for (const snapshot of [folder, '/dev/null/sessions']) {
    const cli = await CliProcess.run(t, ['serve', '--port', '0', '--snapshot', snapshot]);
    t.is(await cli.exit, 1, snapshot);
    t.true(cli.stderr.startsWith(`The session snapshot ${snapshot} can't be `), cli.stderr);
    t.is(cli.stderr.split('\n').length, 2, cli.stderr);
    t.is(cli.stdout, '');
  }
});

test('a service whose output is closed at the other end goes on, and keeps its sessions', async (t) => {
  const snapshot = join(await CliProcess.folder(t), 'sessions.snapshot');
  const before = await CliProcess.serve(t, ['--snapshot', snapshot]);
  const token = await before.create(create);
  before.signal('SIGTERM');
  await before.exit;
  const [port = 0] = await freePorts(1);
  const unread = await CliProcess.serveUnread(t, ['--snapshot', snapshot], port);
  t.like(await unread.json(`/shop/get/${token}`), { id: 'alice' });
  unread.signal('SIGTERM');
  t.is(await unread.exit, 0);
  const after = await CliProcess.serve(t, ['--snapshot', snapshot]);
  t.like(await after.json(`/shop/get/${token}`), { id: 'alice' });
});

test('with --data two services share their sessions, which survive when both are killed', async (t) => {
  const data = await CliProcess.folder(t);
  const [one, other] = await Promise.all([
    CliProcess.serve(t, ['--data', data]),
    CliProcess.serve(t, ['--data', data]),
  ]);
  t.true(one.stdout.includes(`(sessions in ${data})`));
  const token = await one.create(create);
  t.like(await other.json(`/shop/get/${token}`), { id: 'alice', r: 1 });
  for (const cli of [one, other]) {
    cli.signal('SIGKILL');
    await cli.exit;
  }
  const again = await CliProcess.serve(t, ['--data', data]);
  t.like(await again.json(`/shop/get/${token}`), { id: 'alice', r: 2 });
});
