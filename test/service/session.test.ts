import test from 'ava';
import { EventLog, startService, throwsCode } from '../support/service.js';

test('attributes are read, set and removed one by one', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  t.is(session.getAttr('theme'), 'dark');
  t.is(session.getAttr('lang'), undefined);
  await session.setAttr('lang', { code: 'en', tries: [1, 2] });
  t.deepEqual(session.getAllAttr(), { theme: 'dark', lang: { code: 'en', tries: [1, 2] } });
  await session.removeAttr('theme');
  await session.setAttr('lang', null);
  await session.removeAttr('never there');
  t.deepEqual(session.getAllAttr(), {});
  t.deepEqual((await manager.getSession(session.id)).getAllAttr(), {});
  t.is(session.writes, 4);
});

test('names of members that every object inherits are not attributes', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice');
  for (const key of ['toString', 'hasOwnProperty', '__proto__', 'constructor']) t.is(session.getAttr(key), undefined);
  await session.setAttr('toString', 'mine');
  t.is(session.getAttr('toString'), 'mine');
});

test("an attribute key or value that can't be kept is INVALID_ARGUMENT, and nothing changes", async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  const keys: unknown[] = [
    '__proto__',
    'constructor',
    'prototype',
    '',
    'x'.repeat(129),
    'a\u0000',
    'a\udc00',
    5,
    null,
    undefined,
    Symbol('x'),
  ];
  for (const key of keys as string[]) {
    t.is((await throwsCode(t, session.setAttr(key, 1), 'INVALID_ARGUMENT')).details.argument, 'attribute key');
    await throwsCode(t, session.removeAttr(key), 'INVALID_ARGUMENT');
  }
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const values: unknown[] = [undefined, 1n, Number.NaN, () => {}, '\ud800', cycle, [undefined]];
  for (const value of values as string[]) {
    const error = await throwsCode(t, session.setAttr('theme', value), 'INVALID_ARGUMENT');
    t.is(error.details.argument, 'attribute theme');
  }
  t.deepEqual((await manager.getSession(session.id)).getAllAttr(), { theme: 'dark' });
  t.is((await manager.getSession(session.id)).writes, 0);
});

test('concurrent writers of different keys both take effect; of writers of one key the last one does', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const [one, other] = [await manager.getSession(id), await manager.getSession(id)];
  await Promise.all([one.setAttr('a', 1), other.setAttr('b', 2), one.setAttr('c', 3), other.setAttr('c', 4)]);
  t.deepEqual((await manager.getSession(id)).getAllAttr(), { a: 1, b: 2, c: 4 });
});

test('a session object shows changes by its own methods, but not changes by others', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const [one, other] = [await manager.getSession(id), await manager.getSession(id)];
  await one.setAttr('a', 1);
  t.is(one.getAttr('a'), 1);
  t.is(other.getAttr('a'), undefined);
  await other.setAttr('b', 2);
  t.deepEqual(other.getAllAttr(), { a: 1, b: 2 });
});

test('reload shows changes by others, and does not renew', async (t) => {
  const { manager, clock, events } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  await (await manager.getSession(session.id)).setAttr('theme', 'light');
  await clock.advance(1_000);
  const { lastTime } = session;
  events.clear();
  await session.reload();
  t.is(session.getAttr('theme'), 'light');
  t.is(session.lastTime, lastTime);
  t.deepEqual(events.names, []);
  await manager.closeSession(session.id, 'logout');
  t.is((await throwsCode(t, session.reload(), 'SESSION_CLOSED')).details.reason, 'logout');
  t.is(session.getAttr('theme'), 'light', 'it keeps what it saw last');
});

test('a value read from a session can be changed without changing the session', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { list: [1] } });
  const all = session.getAllAttr();
  all.list = 'changed';
  all.added = true;
  t.deepEqual(session.getAllAttr(), { list: [1] });
});

test('write pushes to the session', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice');
  t.deepEqual(await session.write({ text: 'hi' }), { accepted: 1, dropped: 0, refused: 0 });
  await session.write(1, { key: 'count' });
  await session.write(2, { key: 'count' });
  const batch = await manager.poll(session.id, { after: '' });
  t.deepEqual(
    batch.messages.map((message) => message.data),
    [{ text: 'hi' }, 2],
  );
});

test('drain takes undelivered messages, at most limit, by reader, without waiting', async (t) => {
  const { manager, room } = await startService(t);
  const session = await manager.createSession('alice');
  const take = async (options?: { reader?: string; limit?: number }) =>
    (await session.drain(options)).messages.map((message) => message.data);
  for (const reader of ['default', 'other']) t.deepEqual(await take({ reader }), []);
  for (const data of [1, 2, 3]) await session.write(data);
  t.deepEqual(await take({ reader: 'other', limit: 1 }), [1]);
  t.deepEqual(await take(), [1, 2, 3]);
  t.deepEqual(await take(), []);
  t.deepEqual(await take({ reader: 'other' }), [2, 3]);
  t.is(room.held, 0);
});

test('touch renews and emits renewed', async (t) => {
  const { manager, clock, events } = await startService(t, { gcTime: 1_000 });
  const session = await manager.createSession('alice');
  await clock.advance(999);
  await session.touch();
  t.is(session.lastTime, clock.now());
  await clock.advance(999);
  await session.touch();
  t.deepEqual(events.names, ['created', 'renewed', 'renewed']);
});

test('touch never extends a session past its absolute lifetime', async (t) => {
  const { manager, clock } = await startService(t, { gcInterval: 1_000_000 });
  const session = await manager.createSession('alice', { ttl: 1_000, maxAge: 1_500 });
  await clock.advance(900);
  await session.touch();
  await clock.advance(599);
  await session.touch();
  await clock.advance(1);
  t.is((await throwsCode(t, session.touch(), 'SESSION_CLOSED')).details.reason, 'max-age');
});

test('replace takes a session object or an id', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice');
  const first = await manager.createSession('alice', { attributes: { a: 1 } });
  const second = await manager.createSession('alice', { attributes: { a: 2, b: 2 } });
  await session.replace(first);
  await session.replace(second.id);
  t.deepEqual(session.getAllAttr(), { a: 1, b: 2 });
  await throwsCode(t, first.touch(), 'SESSION_CLOSED');
});

test('close has the reason revoked, destroy the reason logout', async (t) => {
  const { manager, events } = await startService(t);
  const [one, two, three] = [
    await manager.createSession('alice'),
    await manager.createSession('alice'),
    await manager.createSession('alice'),
  ];
  t.true(await one.close());
  t.true(await two.destroy());
  t.true(await three.close('replaced'));
  t.false(await one.close());
  t.false(await two.destroy());
  t.deepEqual(
    events.of('closed').map(({ reason }) => reason),
    ['revoked', 'logout', 'replaced'],
  );
});

test('no method revives a closed session', async (t) => {
  const { manager, clock } = await startService(t);
  const session = await manager.createSession('alice', { attributes: { theme: 'dark' } });
  const other = await manager.createSession('alice');
  await session.destroy();
  const verbs = [
    () => session.setAttr('theme', 'light'),
    () => session.removeAttr('theme'),
    () => session.write('hi'),
    () => session.drain(),
    () => session.touch(),
    () => session.replace(other),
    () => other.replace(session),
    () => manager.authenticate(session.token),
    () => manager.rotateToken(session.id),
    () => manager.poll(session.id),
  ];
  for (const verb of verbs) t.is((await throwsCode(t, verb, 'SESSION_CLOSED')).details.reason, 'logout');
  t.is(session.getAttr('theme'), 'dark');
  await clock.advance(120_000);
  for (const verb of verbs) await throwsCode(t, verb, 'SESSION_UNKNOWN');
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
});

test("a session's methods act in its own app", async (t) => {
  const { manager } = await startService(t);
  const other = manager.inApp('other');
  const heard = new EventLog(other);
  const session = await other.createSession('alice');
  await session.write('hi');
  await session.touch();
  await session.destroy();
  t.deepEqual(heard.names, ['created', 'renewed', 'closed']);
});
