import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { EventLog, startService, throwsCode } from '../support/service.js';

test('closing a session returns whether it was live and is reported once', async (t) => {
  const { manager, events } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'hi');
  t.true(await manager.closeSession(id));
  t.false(await manager.closeSession(id));
  t.deepEqual(events.of('closed'), [{ app: 'default', id, accountId: 'alice', reason: 'revoked', undelivered: 1 }]);
});

test('when many callers close one session at the same time, exactly one gets true', async (t) => {
  const { manager, events } = await startService(t);
  const { id } = await manager.createSession('alice');
  const results = await Promise.all(Array.from({ length: 100 }, () => manager.closeSession(id, 'logout')));
  t.is(results.filter(Boolean).length, 1);
  t.is(events.of('closed').length, 1);
});

test('a close reason that is not in the table is INVALID_ARGUMENT', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const reason of ['bored', 'toString', '', null, 5] as unknown as 'revoked'[]) {
    await throwsCode(t, manager.closeSession(id, reason), 'INVALID_ARGUMENT');
    if (reason !== null) await throwsCode(t, manager.closeAccount('alice', { reason }), 'INVALID_ARGUMENT');
    if (reason !== null) await throwsCode(t, manager.closeApp({ reason }), 'INVALID_ARGUMENT');
  }
  await manager.getSession(id);
});

test('closing an account closes all of its sessions, or all except one', async (t) => {
  const { manager, events } = await startService(t);
  const sessions = [];
  for (let count = 0; count < 4; count += 1) sessions.push(await manager.createSession('alice'));
  const [first, ...others] = sessions.map((session) => session.id);
  const bob = await manager.createSession('bob');
  events.clear();
  t.is(await manager.closeAccount('alice', first === undefined ? {} : { except: first, reason: 'logout' }), 3);
  t.deepEqual(
    events.trace,
    others.map((id) => `closed ${id}`),
  );
  t.true(events.of('closed').every(({ reason }) => reason === 'logout'));
  t.is(await manager.closeAccount('alice'), 1);
  t.is(await manager.closeAccount('alice'), 0);
  await manager.getSession(bob.id);
});

test('closing an app closes all of its sessions, but no others', async (t) => {
  const { manager, events } = await startService(t, { maxSession: 0 });
  await Promise.all(Array.from({ length: 5_000 }, (_, index) => manager.createSession(`account${index % 7}`)));
  const other = await manager.inApp('other').createSession('alice');
  t.is(await manager.closeApp({ reason: 'logout' }), 5_000);
  t.is(new Set(events.of('closed').map(({ id }) => id)).size, 5_000);
  t.is(await manager.closeApp(), 0);
  await manager.inApp('other').getSession(other.id);
});

test('the sessions of an account are listed oldest first', async (t) => {
  const { manager, clock } = await startService(t);
  const ids = [];
  for (let count = 0; count < 4; count += 1) {
    ids.push((await manager.createSession('alice')).id);
    await clock.advance(1);
  }
  await (await manager.getSession(ids[0] ?? '')).touch();
  const listed = async () => (await manager.sessionsOfAccount('alice')).map((session) => session.id);
  t.deepEqual(await listed(), ids);
  await manager.closeSession(ids[1] ?? '');
  t.deepEqual(
    await listed(),
    ids.filter((_, index) => index !== 1),
  );
  t.deepEqual(await manager.sessionsOfAccount('unknown'), []);
});

test('the pages of an app hold every session exactly once', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const created = await Promise.all(Array.from({ length: 25 }, () => manager.createSession('alice')));
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await manager.sessionsOfApp(cursor === undefined ? { limit: 7 } : { limit: 7, cursor });
    t.true(page.sessions.length <= 7);
    seen.push(...page.sessions.map((session) => session.id));
    cursor = page.cursor;
    t.is('cursor' in page, cursor !== undefined);
  } while (cursor !== undefined);
  t.deepEqual(seen.toSorted(), created.map((session) => session.id).toSorted());
});

test('a session that is live while the pages are read is on one page, even if others are created and closed', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const create = (count: number) => Promise.all(Array.from({ length: count }, () => manager.createSession('alice')));
  const [living, going] = [await create(20), await create(20)];
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await manager.sessionsOfApp(cursor === undefined ? { limit: 5 } : { limit: 5, cursor });
    seen.push(...page.sessions.map((session) => session.id));
    cursor = page.cursor;
    await going.pop()?.destroy();
    await create(1);
  } while (cursor !== undefined && seen.length < 200);
  for (const { id } of living) t.is(seen.filter((each) => each === id).length, 1);
});

test('sessionsOfApp can be limited to recent activity, and activity counts accounts', async (t) => {
  const { manager, clock } = await startService(t);
  const idle = await manager.createSession('alice');
  await clock.advance(1_000);
  await manager.createSession('bob');
  await manager.createSession('bob');
  const within = async (ms: number) => (await manager.sessionsOfApp({ activeWithin: ms })).sessions.length;
  t.is(await within(999), 2);
  t.is(await within(1_000), 3);
  t.is(await manager.activity(999), 1, 'accounts, not sessions');
  t.is(await manager.activity(1_000), 2);
  await idle.touch();
  t.is(await manager.activity(0), 2);
});

test("a page's limit and cursor of a wrong shape are INVALID_ARGUMENT", async (t) => {
  const { manager } = await startService(t);
  await manager.createSession('alice');
  for (const limit of [0, -1, 1.5, 10_001, Number.NaN, '5', null] as number[]) {
    await throwsCode(t, manager.sessionsOfApp({ limit }), 'INVALID_ARGUMENT');
  }
  for (const cursor of ['', 'no cursor', '-1', '-1e300', '0.5', '1e3', 'x'.repeat(200), 5, null] as string[]) {
    await throwsCode(t, manager.sessionsOfApp({ cursor }), 'INVALID_ARGUMENT');
  }
  for (const withinMs of [-1, 0.5, Number.POSITIVE_INFINITY, '1', undefined] as number[]) {
    await throwsCode(t, manager.activity(withinMs), 'INVALID_ARGUMENT');
    if (withinMs !== undefined) {
      await throwsCode(t, manager.sessionsOfApp({ activeWithin: withinMs }), 'INVALID_ARGUMENT');
    }
  }
  t.deepEqual((await manager.sessionsOfApp({ cursor: '999999999' })).sessions, []);
});

test("an app's sessions, messages and events are unknown in other apps", async (t) => {
  const { manager, events } = await startService(t);
  const other = manager.inApp('other');
  const heard = new EventLog(other);
  const here = await manager.createSession('alice');
  const there = await other.createSession('alice');
  t.is(other.app, 'other');
  t.is(there.app, 'other');
  await throwsCode(t, other.getSession(here.id), 'SESSION_UNKNOWN');
  await throwsCode(t, other.authenticate(here.token), 'SESSION_UNKNOWN');
  await throwsCode(t, other.push(here.id, 'hi'), 'SESSION_UNKNOWN');
  await throwsCode(t, other.poll(here.id, { wait: 0 }), 'SESSION_UNKNOWN');
  await throwsCode(t, other.rotateToken(here.id), 'SESSION_UNKNOWN');
  await throwsCode(t, other.replaceSession(there.id, here.id), 'SESSION_UNKNOWN');
  t.false(await other.closeSession(here.id));
  t.is((await other.sessionsOfApp()).sessions.length, 1);
  t.is((await other.sessionsOfAccount('alice')).length, 1);
  t.is(await other.activity(0), 1);
  t.is((await other.pushToAccount('alice', 1)).accepted, 1);
  t.is((await other.pushToApp(1)).accepted, 1);
  t.is((await manager.getSession(here.id)).undelivered, 0);
  t.is(await other.closeAccount('alice'), 1);
  t.is(await other.closeApp(), 0);
  await settle();
  t.deepEqual(events.trace, [`created ${here.id}`]);
  t.deepEqual(heard.trace, [`created ${there.id}`, `closed ${there.id}`]);
});

test('two managers of one app share its namespace', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.inApp('other').createSession('alice');
  t.is((await manager.inApp('other').getSession(id)).id, id);
  t.is((await manager.inApp('other').inApp('default').sessionsOfApp()).sessions.length, 0);
});

test('closeAccount with an `except` that is not a session id is refused and closes nothing', async (t) => {
  const { manager } = await startService(t);
  await manager.createSession('alice');
  await throwsCode(t, manager.closeAccount('alice', { except: 'the current one' }), 'INVALID_ARGUMENT');
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
});
