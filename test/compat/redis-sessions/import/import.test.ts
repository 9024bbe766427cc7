import test, { type ExecutionContext } from 'ava';
import RedisSessions from '../../../../src/compat/redis-sessions/class/index.js';
import { serverFor } from '../../../stores/redis/places.js';
import { runCli } from '../../../support/cli-command.js';
import { CliProcess } from '../../../support/cli-process.js';
import { letIdle, oldLibrary } from './old-sessions.js';

const server = serverFor(test);
const ip = '192.0.2.7';

test.serial.beforeEach('the server is empty', async () => {
  await server().client.flushall();
});

function oldSessions(t: ExecutionContext) {
  const old = oldLibrary(server().port);
  t.teardown(() => old.quit());
  return old;
}

function newSessions(t: ExecutionContext, namespace = 'rs') {
  const sessions = new RedisSessions({ port: server().port, namespace });
  t.teardown(() => sessions.quit());
  return sessions;
}

async function runImport(t: ExecutionContext, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli(['import-redis-sessions', '--from', server().url, ...args]);
  t.is(stderr, '');
  t.is(code, 0);
  return stdout.trim();
}

test.serial('old tokens open the same sessions: data, counters, ttl, idle time, ip', async (t) => {
  const old = oldSessions(t);
  const rich = { app: 'shop', id: 'a:b c', ip, ttl: 3_600, d: { s: 'ü', n: 1.5, b: false } };
  const { token } = await old.create(rich);
  await old.get({ app: 'shop', token });
  await old.get({ app: 'shop', token });
  await old.set({ app: 'shop', token, d: { n: 2 } });
  const { token: plain } = await old.create({ app: 'blog', id: 'bob', ip: '::1' });
  await letIdle(server().client, 'shop', token, 100);
  t.is(await runImport(t), '2 imported, 0 imported before, 0 expired, 0 not usable, 0 skipped');
  const sessions = newSessions(t);
  const got = await sessions.get({ app: 'shop', token });
  const idle = got?.idle ?? 0;
  t.true(idle >= 100 && idle < 110, String(idle));
  t.deepEqual(got, { id: 'a:b c', r: 3, w: 2, ttl: 3_600, idle, ip, d: { s: 'ü', n: 2, b: false } });
  t.like(await sessions.get({ app: 'shop', token }), { r: 4, w: 2, idle: 0 });
  t.like(await sessions.set({ app: 'shop', token, d: { more: true } }), { r: 5, w: 3 });
  const bob = await sessions.get({ app: 'blog', token: plain });
  t.deepEqual({ ...bob, idle: 0 }, { id: 'bob', r: 1, w: 1, ttl: 7_200, idle: 0, ip: '::1' });
  t.is(await sessions.get({ app: 'blog', token }), null);
});

test.serial('imported sessions are listed and killed by id like others', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip });
  const { token: other } = await old.create({ app: 'shop', id: 'alice', ip });
  await runImport(t);
  const sessions = newSessions(t);
  t.is((await sessions.soid({ app: 'shop', id: 'alice' })).sessions.length, 2);
  t.is((await sessions.soapp({ app: 'shop', deltaTime: 60 })).sessions.length, 2);
  t.deepEqual(await sessions.kill({ app: 'shop', token }), { kill: 1 });
  t.deepEqual(await sessions.kill({ app: 'shop', token }), { kill: 0 });
  t.is(await sessions.get({ app: 'shop', token }), null);
  t.deepEqual(await sessions.killsoid({ app: 'shop', id: 'alice' }), { kill: 1 });
  t.is(await sessions.get({ app: 'shop', token: other }), null);
});

test.serial('a token that differs in one character, or shares only the handle, opens no session', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip });
  await runImport(t);
  const sessions = newSessions(t);
  const { handle } = (await sessions.soid({ app: 'shop', id: 'alice' })).sessions[0] ?? { handle: '' };
  const wrong = [
    `${token.slice(0, 30)}${token[30] === 'a' ? 'b' : 'a'}${token.slice(31)}`,
    `${token[0] === 'a' ? 'b' : 'a'}${token.slice(1)}`,
    `${handle}${'x'.repeat(40)}`,
  ];
  for (const each of wrong) {
    t.is(await sessions.get({ app: 'shop', token: each }), null);
    t.deepEqual(await sessions.kill({ app: 'shop', token: each }), { kill: 0 });
  }
  t.like(await sessions.get({ app: 'shop', token }), { id: 'alice' });
});

test.serial('an imported no_resave session keeps its end, and no activity extends it', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip, ttl: 600, no_resave: true });
  await letIdle(server().client, 'shop', token, 200);
  await runImport(t);
  const sessions = newSessions(t);
  const first = await sessions.get({ app: 'shop', token });
  t.like(first, { id: 'alice', no_resave: true });
  t.true((first?.ttl ?? 0) <= 400 && (first?.ttl ?? 0) > 390, String(first?.ttl));
  t.true(((await sessions.get({ app: 'shop', token }))?.ttl ?? 0) <= 400);
});

test.serial('expired sessions and sessions of other apps than --app are not imported', async (t) => {
  const old = oldSessions(t);
  const { token: expired } = await old.create({ app: 'shop', id: 'alice', ip, ttl: 60 });
  await letIdle(server().client, 'shop', expired, 61);
  const { token: live } = await old.create({ app: 'shop', id: 'bob', ip });
  const { token: elsewhere } = await old.create({ app: 'blog', id: 'carol', ip });
  t.is(await runImport(t, '--app', 'shop'), '1 imported, 0 imported before, 1 expired, 0 not usable, 1 skipped');
  const sessions = newSessions(t);
  t.is(await sessions.get({ app: 'shop', token: expired }), null);
  t.like(await sessions.get({ app: 'shop', token: live }), { id: 'bob' });
  t.is(await sessions.get({ app: 'blog', token: elsewhere }), null);
});

test.serial('a dry run changes nothing, and counts what a run would import', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip });
  const before = await server().client.keys('rs:*');
  const words = '1 would be imported, 0 imported before, 0 expired, 0 not usable, 0 skipped';
  t.is(await runImport(t, '--dry-run'), words);
  const after = (await server().client.keys('rs:*')).filter((key) => !key.endsWith(':nodes'));
  t.deepEqual(after.sort(), before.sort());
  t.is(await newSessions(t).get({ app: 'shop', token }), null);
});

test.serial('a second run imports new sessions only, and revives none that has ended', async (t) => {
  const old = oldSessions(t);
  const [kept, killed] = [
    await old.create({ app: 'shop', id: 'alice', ip, d: { a: 1 } }),
    await old.create({ app: 'shop', id: 'bob', ip }),
  ];
  await runImport(t);
  const sessions = newSessions(t);
  await sessions.set({ app: 'shop', token: kept.token, d: { a: 2 } });
  await sessions.kill({ app: 'shop', token: killed.token });
  // Delete the tombstone of the killed session, as if `tombstoneTime` had passed.
  for (const key of await server().client.keys('rs:{*}:s:shop:*')) {
    if ((await sessions.soid({ app: 'shop', id: 'alice' })).sessions.every(({ handle }) => !key.endsWith(handle))) {
      await server().client.del(key);
    }
  }
  const late = await old.create({ app: 'shop', id: 'carol', ip });
  t.is(await runImport(t), '1 imported, 2 imported before, 0 expired, 0 not usable, 0 skipped');
  t.like(await sessions.get({ app: 'shop', token: kept.token }), { d: { a: 2 } });
  t.is(await sessions.get({ app: 'shop', token: killed.token }), null);
  t.like(await sessions.get({ app: 'shop', token: late.token }), { id: 'carol' });
  t.is((await sessions.soapp({ app: 'shop', deltaTime: 60 })).sessions.length, 2);
});

test.serial('a run that was interrupted between a session and its alias is completed by the next run', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip });
  await runImport(t);
  for (const key of await server().client.keys('rs:{*}:t:*')) await server().client.del(key);
  await runImport(t);
  const sessions = newSessions(t);
  t.like(await sessions.get({ app: 'shop', token }), { id: 'alice' });
  t.is((await sessions.soid({ app: 'shop', id: 'alice' })).sessions.length, 1);
});

test.serial('an alias lives twice as long as its session can, and each look-up extends it', async (t) => {
  const old = oldSessions(t);
  const { client } = server();
  const { token } = await old.create({ app: 'shop', id: 'alice', ip, ttl: 600 });
  await runImport(t);
  const [alias = ''] = await client.keys('rs:{*}:t:*');
  const full = await client.pttl(alias);
  t.true(full > 1_200_000 && full < 1_300_000, String(full));
  await client.pexpire(alias, 1_000);
  await newSessions(t).get({ app: 'shop', token });
  t.true((await client.pttl(alias)) > 1_200_000);
});

test.serial('a process looks an old token up once', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip });
  await runImport(t);
  const sessions = newSessions(t);
  await sessions.get({ app: 'shop', token });
  for (const key of await server().client.keys('rs:{*}:t:*')) await server().client.del(key);
  t.like(await sessions.get({ app: 'shop', token }), { id: 'alice', r: 2 });
});

test.serial('a session whose ttl has decimals is imported, with or without no_resave', async (t) => {
  const old = oldSessions(t);
  const kinds = [{}, { no_resave: true }];
  const tokens = await Promise.all(
    kinds.map(async (kind) => (await old.create({ app: 'shop', id: 'alice', ip, ttl: 1_800.7, ...kind })).token),
  );
  for (const token of tokens) await old.get({ app: 'shop', token });
  t.is(await runImport(t), '2 imported, 0 imported before, 0 expired, 0 not usable, 0 skipped');
  const sessions = newSessions(t);
  const [renewed, fixed] = await Promise.all(tokens.map((token) => sessions.get({ app: 'shop', token })));
  t.is(renewed?.ttl, 1_800);
  t.true(fixed?.no_resave);
  const left = fixed?.ttl ?? 0;
  t.true(left > 1_700 && left <= 1_800, String(left));
});

test.serial('a session with a ttl that stands for never is imported, with or without no_resave', async (t) => {
  const old = oldSessions(t);
  const ttl = Number.MAX_SAFE_INTEGER;
  const { token } = await old.create({ app: 'shop', id: 'alice', ip, ttl });
  const { token: fixed } = await old.create({ app: 'shop', id: 'alice', ip, ttl, no_resave: true });
  t.is(await runImport(t), '2 imported, 0 imported before, 0 expired, 0 not usable, 0 skipped');
  const sessions = newSessions(t);
  t.like(await sessions.get({ app: 'shop', token }), { id: 'alice', ttl: 9_000_000_000_000 });
  t.like(await sessions.get({ app: 'shop', token: fixed }), { id: 'alice', no_resave: true });
});

test.serial('a session whose id has 200 characters is imported, listed and killed by its id', async (t) => {
  const id = 'x'.repeat(200);
  const { token } = await oldSessions(t).create({ app: 'shop', id, ip });
  t.is(await runImport(t), '1 imported, 0 imported before, 0 expired, 0 not usable, 0 skipped');
  const sessions = newSessions(t);
  t.like(await sessions.get({ app: 'shop', token }), { id });
  t.is((await sessions.soid({ app: 'shop', id })).sessions.length, 1);
  t.deepEqual(await sessions.killsoid({ app: 'shop', id }), { kill: 1 });
});

test.serial('unusable sessions are named and counted, and the others are imported', async (t) => {
  const old = oldSessions(t);
  const { client } = server();
  const { token: odd } = await old.create({ app: 'shop', id: 'alice', ip });
  await client.hset(`rs:shop:${odd}`, 'd', 'nonsense');
  const { token: vague } = await old.create({ app: 'shop', id: 'bob', ip });
  await client.hset(`rs:shop:${vague}`, 'ttl', 'long');
  const { token } = await old.create({ app: 'shop', id: 'carol', ip });
  await client.zadd('rs:SESSIONS', 1, 'nonsense');
  const cli = await CliProcess.run(t, ['import-redis-sessions', '--from', server().url]);
  t.is(await cli.exit, 0, 'as a process');
  t.is(cli.stdout.trim(), '1 imported, 0 imported before, 0 expired, 2 not usable, 1 skipped');
  t.regex(cli.stderr, /app shop, token …Z\w{8}: d is no JSON/);
  t.regex(cli.stderr, /app shop, token …Z\w{8}: ttl is no number/);
  for (const each of [odd, vague]) t.false(cli.stderr.includes(each));
  t.like(await newSessions(t).get({ app: 'shop', token }), { id: 'carol' });
});

test.serial('1200 sessions are imported into another namespace', async (t) => {
  const old = oldSessions(t);
  const tokens: string[] = [];
  for (let each = 0; each < 1_200; each += 1) {
    tokens.push((await old.create({ app: 'shop', id: `user ${each % 400}`, ip })).token);
  }
  t.is(
    await runImport(t, '--to-namespace', 'new'),
    '1200 imported, 0 imported before, 0 expired, 0 not usable, 0 skipped',
  );
  const sessions = newSessions(t, 'new');
  const found = await Promise.all(tokens.map((token) => sessions.get({ app: 'shop', token })));
  t.deepEqual(
    found.map((session) => session?.id),
    tokens.map((_token, each) => `user ${each % 400}`),
  );
});

test.serial('the import stores no token', async (t) => {
  const old = oldSessions(t);
  const { token } = await old.create({ app: 'shop', id: 'alice', ip });
  await runImport(t, '--to-namespace', 'new');
  const { client } = server();
  for (const key of await client.keys('new:*')) {
    t.false(key.includes(token.slice(0, 24)) || key.includes(token.slice(24)), key);
    const value = await client.dump(key);
    t.false(value?.includes(token.slice(24)) ?? false, key);
  }
});

test.serial('a server that is not reachable is an error that names the flag', async (t) => {
  const { url } = server();
  const nowhere = 'redis://127.0.0.1:1';
  const from = await runCli(['import-redis-sessions', '--from', nowhere, '--to', url]);
  t.is(from.code, 1);
  t.regex(from.stderr, /^The Redis of --from can't be used: .*ECONNREFUSED/);
  const to = await runCli(['import-redis-sessions', '--from', url, '--to', nowhere]);
  t.is(to.code, 1);
  t.regex(to.stderr, /^Redis can't be used: .*ECONNREFUSED/);
});

test.serial('a database that the server does not have is an error, and nothing is read from another', async (t) => {
  const { url } = server();
  const { code, stdout, stderr } = await runCli(['import-redis-sessions', '--from', `${url}/99`, '--to', url]);
  t.is(code, 1);
  t.regex(stderr, /^The Redis of --from can't be used: .*DB index is out of range/);
  t.is(stdout, '');
});
