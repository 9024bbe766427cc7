import { inspect } from 'node:util';
import test from 'ava';
import { IssuedSession, Session } from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';

test('a session is created with the options given, and its token is id and secret', async (t) => {
  const { manager, clock, events } = await startService(t);
  const session = await manager.createSession('alice', {
    ip: '192.0.2.1',
    userAgent: 'curl/8',
    attributes: { theme: 'dark', tags: ['a', { b: 1 }] },
  });
  t.regex(session.id, /^[0-9A-Za-z]{24}$/);
  t.regex(session.token, /^[0-9A-Za-z]{64}$/);
  t.true(session.token.startsWith(session.id));
  t.deepEqual(session.getAllAttr(), { theme: 'dark', tags: ['a', { b: 1 }] });
  t.deepEqual(session.toJSON(), {
    app: 'default',
    id: session.id,
    accountId: 'alice',
    createdAt: clock.now(),
    lastTime: clock.now(),
    ttl: 900_000,
    maxAge: 2_592_000_000,
    ip: '192.0.2.1',
    userAgent: 'curl/8',
    lastIp: '192.0.2.1',
    lastUserAgent: 'curl/8',
    authenticatedAt: clock.now(),
    level: 1,
    reads: 0,
    writes: 0,
    presence: 'online',
    undelivered: 0,
  });
  t.deepEqual(events.trace, [`created ${session.id}`]);
  t.is(events.of('created')[0]?.accountId, 'alice');
});

test('a user agent is truncated to 512 characters, and lone surrogates in it are replaced', async (t) => {
  const { manager } = await startService(t);
  const long = await manager.createSession('alice', { userAgent: `${'x'.repeat(511)}😀` });
  t.is(long.userAgent, `${'x'.repeat(511)}\ufffd`);
  const odd = await manager.createSession('alice', { userAgent: 'a\ud800b' });
  t.is(odd.userAgent, 'a\ufffdb');
});

test('an attribute that is null at creation does not exist', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: null, kept: 1 } });
  t.deepEqual(session.getAllAttr(), { kept: 1 });
});

test('ttl and maxAge of a session override those of the context', async (t) => {
  const { manager, clock } = await startService(t, { gcTime: 60_000, maxAge: 120_000, gcInterval: 1_000_000 });
  const short = await manager.createSession('alice', { ttl: 1_000 });
  const young = await manager.createSession('alice', { ttl: 10_000_000, maxAge: 30_000 });
  const endless = await manager.createSession('alice', { ttl: 10_000_000, maxAge: 0 });
  t.is(short.ttl, 1_000);
  t.is(short.maxAge, 120_000);
  await clock.advance(999);
  await manager.getSession(short.id);
  await clock.advance(1);
  t.is((await throwsCode(t, manager.getSession(short.id), 'SESSION_CLOSED')).details.reason, 'expired');
  await clock.advance(28_999);
  await manager.getSession(young.id);
  await clock.advance(1);
  t.is((await throwsCode(t, manager.getSession(young.id), 'SESSION_CLOSED')).details.reason, 'max-age');
  await clock.advance(9_000_000);
  await manager.getSession(endless.id);
});

test('the token is neither in the JSON nor in the inspect output of a session', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  const secret = session.token.slice(session.id.length);
  const shown = [
    JSON.stringify(session),
    JSON.stringify({ session }),
    inspect(session),
    inspect({ deep: [session] }, { showHidden: true, depth: 9 }),
    inspect(session, { customInspect: false, showHidden: true, depth: 9 }),
    String(session),
    JSON.stringify(Object.assign({}, session)),
    JSON.stringify(structuredClone({ ...session })),
  ];
  for (const text of shown) t.false(text.includes(secret), text);
  t.true(inspect(session).startsWith(`IssuedSession {\n  app: 'default',\n  id: '${session.id}'`), inspect(session));
});

test('only a session that was just issued has a token', async (t) => {
  const { manager } = await startService(t);
  const issued = await manager.createSession('alice');
  t.true(issued instanceof IssuedSession);
  const others = [
    await manager.authenticate(issued.token),
    await manager.getSession(issued.id),
    ...(await manager.sessionsOfAccount('alice')),
    ...(await manager.sessionsOfApp()).sessions,
  ];
  for (const session of others) {
    t.true(session instanceof Session);
    t.false(session instanceof IssuedSession);
    t.false('token' in session);
  }
});

test('authenticating counts a read and renews', async (t) => {
  const { manager, clock, events } = await startService(t, { gcTime: 10_000 });
  const { token, id } = await manager.createSession('alice');
  await clock.advance(9_000);
  const session = await manager.authenticate(token);
  t.is(session.id, id);
  t.is(session.reads, 1);
  t.is(session.lastTime, clock.now());
  await clock.advance(9_999);
  t.is((await manager.authenticate(token)).reads, 2);
  t.deepEqual(events.names, ['created', 'renewed', 'renewed']);
  t.is(events.of('renewed')[1]?.reads, 2);
});

test('a wrong, unknown or malformed token is SESSION_UNKNOWN, no matter what it looks like', async (t) => {
  const { manager } = await startService(t);
  const { token, id } = await manager.createSession('alice');
  const flipped = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
  const wrong: unknown[] = [flipped, id, `${token}x`, '', 'x'.repeat(64), ` ${token}`, undefined, null, 5, {}, [token]];
  for (const each of wrong) await throwsCode(t, manager.authenticate(each as string), 'SESSION_UNKNOWN');
  t.is((await manager.getSession(id)).reads, 0);
});

test('a caller with a wrong secret does not learn the close reason', async (t) => {
  const { manager, clock } = await startService(t, { tombstoneTime: 5_000, gcInterval: 1_000 });
  const { token, id } = await manager.createSession('alice');
  await manager.closeSession(id, 'logout');
  t.is((await throwsCode(t, manager.authenticate(token), 'SESSION_CLOSED')).details.reason, 'logout');
  await throwsCode(t, manager.authenticate(id + 'x'.repeat(40)), 'SESSION_UNKNOWN');
  await clock.advance(4_000);
  await throwsCode(t, manager.authenticate(token), 'SESSION_CLOSED');
  await clock.advance(2_000);
  await throwsCode(t, manager.authenticate(token), 'SESSION_UNKNOWN');
});

test('getSession does not renew', async (t) => {
  const { manager, clock, events } = await startService(t, { gcTime: 10_000, gcInterval: 1_000_000 });
  const { id, createdAt } = await manager.createSession('alice');
  await clock.advance(9_000);
  t.is((await manager.getSession(id)).lastTime, createdAt);
  await manager.sessionsOfAccount('alice');
  await manager.sessionsOfApp();
  await clock.advance(1_000);
  await throwsCode(t, manager.getSession(id), 'SESSION_CLOSED');
  t.deepEqual(events.names, ['created']);
});

test('a malformed id is answered like an unknown one', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const wrong of ['', 'x', `${id}x`, undefined, null, 7, {}, '__proto__'] as string[]) {
    await throwsCode(t, manager.getSession(wrong), 'SESSION_UNKNOWN');
    await throwsCode(t, manager.rotateToken(wrong), 'SESSION_UNKNOWN');
    await throwsCode(t, manager.replaceSession(id, wrong), 'SESSION_UNKNOWN');
    await throwsCode(t, manager.replaceSession(wrong, id), 'SESSION_UNKNOWN');
    await throwsCode(t, manager.push(wrong, 'hi'), 'SESSION_UNKNOWN');
    await throwsCode(t, manager.poll(wrong, { wait: 0 }), 'SESSION_UNKNOWN');
    t.false(await manager.closeSession(wrong));
  }
});

test('rotateToken gives the session a new token and makes the old one unknown', async (t) => {
  const { manager, events } = await startService(t);
  const first = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  await manager.push(first.id, 'one');
  const { cursor } = await manager.poll(first.id, { after: '', wait: 0 });
  const second = await manager.rotateToken(first.id);
  t.is(second.id, first.id);
  t.not(second.token, first.token);
  await throwsCode(t, manager.authenticate(first.token), 'SESSION_UNKNOWN');
  t.is((await manager.authenticate(second.token)).getAttr('theme'), 'dark');
  await manager.push(first.id, 'two');
  const batch = await manager.poll(first.id, { after: cursor, wait: 0 });
  t.deepEqual(
    batch.messages.map((message) => message.data),
    ['two'],
  );
  t.deepEqual(events.names, ['created', 'rotated', 'renewed']);
  t.is(events.of('rotated')[0]?.id, first.id);
  t.false(JSON.stringify(events.of('rotated')).includes(second.token.slice(24)));
});

test('replaceSession gives the new session the attributes that it lacks, and the messages ahead of its own messages', async (t) => {
  const { manager, events } = await startService(t);
  const old = await manager.createSession('alice', { attributes: { theme: 'dark', lang: 'en' } });
  const fresh = await manager.createSession('alice', { attributes: { theme: 'light' } });
  await manager.push(old.id, 'old');
  await manager.push(fresh.id, 'new');
  events.clear();
  const session = await manager.replaceSession(fresh.id, old.id);
  t.deepEqual(session.getAllAttr(), { theme: 'light', lang: 'en' });
  t.is(session.undelivered, 2);
  const batch = await manager.poll(fresh.id, { after: '', wait: 0 });
  t.deepEqual(
    batch.messages.map((message) => message.data),
    ['old', 'new'],
  );
  t.is((await throwsCode(t, manager.authenticate(old.token), 'SESSION_CLOSED')).details.reason, 'replaced');
  t.deepEqual(events.names.slice(0, 2), ['replaced', 'closed']);
  t.deepEqual(events.of('replaced'), [{ app: 'default', id: fresh.id, accountId: 'alice', oldId: old.id }]);
  t.deepEqual(events.of('closed'), [
    { app: 'default', id: old.id, accountId: 'alice', reason: 'replaced', undelivered: 0 },
  ]);
});

test("a session can't replace itself", async (t) => {
  const { manager, events } = await startService(t);
  const session = await manager.createSession('alice');
  await manager.push(session.id, 'hi');
  await throwsCode(t, manager.replaceSession(session.id, session.id), 'INVALID_ARGUMENT');
  await throwsCode(t, session.replace(session), 'INVALID_ARGUMENT');
  t.is((await manager.getSession(session.id)).undelivered, 1);
  t.deepEqual(events.names, ['created']);
});

test('replaceSession with an ended session changes nothing', async (t) => {
  const { manager } = await startService(t);
  const live = await manager.createSession('alice');
  const gone = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  await gone.destroy();
  await throwsCode(t, manager.replaceSession(live.id, gone.id), 'SESSION_CLOSED');
  await throwsCode(t, manager.replaceSession(gone.id, live.id), 'SESSION_CLOSED');
  t.deepEqual((await manager.getSession(live.id)).getAllAttr(), {});
});
