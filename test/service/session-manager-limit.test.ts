import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type IssuedSession, memoryStore, SessionError, type SessionManager } from '../../src/index.js';
import { hold } from '../delivery/held-poll.js';
import { rounds } from '../support/limits.js';
import { startService, throwsCode } from '../support/service.js';

const attempts = rounds({ sample: 2_000, full: 10_000 });

async function createAtOnce(manager: SessionManager): Promise<PromiseSettledResult<IssuedSession>[]> {
  return Promise.allSettled(Array.from({ length: attempts }, () => manager.createSession('alice')));
}

async function liveIds(manager: SessionManager): Promise<readonly string[]> {
  return (await manager.sessionsOfAccount('alice')).map((session) => session.id);
}

test('under reject exactly the first maxSession of thousands of concurrent logins are admitted', async (t) => {
  const { manager, events } = await startService(t, { maxSession: 5, onMaxSession: 'reject' });
  const results = await createAtOnce(manager);
  const admitted = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value.id);
  const refusals = results.filter((result) => result.status === 'rejected').map(({ reason }) => reason);
  t.is(admitted.length, 5);
  t.is(refusals.length, attempts - 5);
  t.true(refusals.every((error) => SessionError.is(error, 'SESSION_LIMIT')));
  t.deepEqual(refusals[0].details, { accountId: 'alice', maxSession: 5 });
  t.deepEqual(await liveIds(manager), admitted);
  t.deepEqual(
    events.trace,
    admitted.map((id) => `created ${id}`),
  );
});

test('the limit of createSession applies to its account, and that of the context to the others', async (t) => {
  const { manager } = await startService(t, { maxSession: 2 });
  const logIn = (account: string, maxSession?: number) =>
    manager.createSession(account, maxSession === undefined ? {} : { maxSession });
  for (let count = 0; count < 4; count += 1) await logIn('premium', 4);
  await throwsCode(t, logIn('premium', 4), 'SESSION_LIMIT');
  for (let count = 0; count < 2; count += 1) await logIn('alice');
  await throwsCode(t, logIn('alice'), 'SESSION_LIMIT');
  t.is((await logIn('alice', 0)).accountId, 'alice');
  for (const wrong of [-1, 1.5, Number.NaN]) await throwsCode(t, logIn('alice', wrong), 'INVALID_ARGUMENT');
});

for (const onMaxSession of ['evict-oldest', 'evict-idle'] as const) {
  test(`${onMaxSession} leaves exactly the last maxSession of thousands of concurrent logins and reports each eviction once`, async (t) => {
    const { manager, events } = await startService(t, { maxSession: 5, onMaxSession });
    const results = await createAtOnce(manager);
    const ids = results.filter((result) => result.status === 'fulfilled').map(({ value }) => value.id);
    t.is(ids.length, attempts);
    t.deepEqual(await liveIds(manager), ids.slice(-5));
    const closed = events.of('closed');
    t.deepEqual(
      closed.map(({ id }) => id),
      ids.slice(0, -5),
    );
    t.true(closed.every(({ reason, accountId }) => reason === 'evicted' && accountId === 'alice'));
    t.is(events.of('created').length, attempts);
  });
}

test('a limit of 0 is no limit', async (t) => {
  const { manager } = await startService(t, { maxSession: 0 });
  const results = await createAtOnce(manager);
  t.true(results.every((result) => result.status === 'fulfilled'));
  t.is((await liveIds(manager)).length, attempts);
});

test('the limit holds for each account of each app separately', async (t) => {
  const { manager } = await startService(t, { maxSession: 1 });
  await manager.createSession('alice');
  await manager.createSession('bob');
  await manager.inApp('other').createSession('alice');
  await throwsCode(t, manager.createSession('alice'), 'SESSION_LIMIT');
  await throwsCode(t, manager.inApp('other').createSession('alice'), 'SESSION_LIMIT');
});

test('expired sessions do not count toward the limit, whether swept or not', async (t) => {
  const { manager, clock, events } = await startService(t, { maxSession: 2, gcTime: 1_000, gcInterval: 1_000_000 });
  await manager.createSession('alice');
  await manager.createSession('alice', { maxAge: 900, ttl: 1_000_000 });
  await clock.advance(999);
  await manager.createSession('alice');
  await throwsCode(t, manager.createSession('alice'), 'SESSION_LIMIT');
  await clock.advance(1);
  await manager.createSession('alice');
  await throwsCode(t, manager.createSession('alice'), 'SESSION_LIMIT');
  t.is(events.of('closed').length, 0, 'only the sweep reports them');
});

test('after the limit was lowered between two runs, the next login enforces it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'session-mailbox-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const store = memoryStore({ snapshot: { path: join(folder, 'snapshot') } });
  const before = await startService(t, { maxSession: 0 }, { store });
  for (let count = 0; count < 5; count += 1) await before.manager.createSession('alice');
  const ids = await liveIds(before.manager);
  await before.container.unbindAllAsync();
  const { manager, events } = await startService(t, { maxSession: 2, onMaxSession: 'evict-oldest' }, { store });
  const { id } = await manager.createSession('alice');
  t.deepEqual(await liveIds(manager), [ids[4], id]);
  t.deepEqual(
    events.of('closed').map((closed) => closed.id),
    ids.slice(0, 4),
  );
});

test('an expired session is not evicted for a new one', async (t) => {
  const { manager, clock, events } = await startService(t, {
    maxSession: 2,
    onMaxSession: 'evict-oldest',
    gcInterval: 1_000_000,
  });
  await manager.createSession('alice', { ttl: 1_000 });
  const kept = await manager.createSession('alice');
  await clock.advance(1_000);
  await manager.createSession('alice');
  t.deepEqual(events.of('closed'), []);
  await manager.getSession(kept.id);
});

test('evict-oldest evicts by creation, evict-idle by last contact', async (t) => {
  for (const [onMaxSession, evicted] of [
    ['evict-oldest', 0],
    ['evict-idle', 1],
  ] as const) {
    const { manager, clock, events } = await startService(t, { maxSession: 2, onMaxSession });
    const sessions = [await manager.createSession('alice')];
    await clock.advance(10);
    sessions.push(await manager.createSession('alice'));
    await clock.advance(10);
    await sessions[0]?.touch();
    await manager.createSession('alice');
    t.deepEqual(
      events.of('closed').map(({ id }) => id),
      [sessions[evicted]?.id],
    );
  }
});

test('evict-idle does not evict a session with a held poll', async (t) => {
  const service = await startService(t, { maxSession: 2, onMaxSession: 'evict-idle' });
  const parked = await service.manager.createSession('alice');
  const poll = await hold(service, parked);
  await service.clock.advance(10);
  const other = await service.manager.createSession('alice');
  await service.manager.createSession('alice');
  t.true(poll.isHeld);
  t.deepEqual(
    service.events.of('closed').map(({ id }) => id),
    [other.id],
  );
});

test('an eviction reports the undelivered messages, and the held poll is answered with the reason', async (t) => {
  const service = await startService(t, { maxSession: 1, onMaxSession: 'evict-oldest' });
  const loser = await service.manager.createSession('alice');
  await service.manager.push(loser.id, 1);
  const poll = await hold(service, loser, { after: (await hold(service, loser)).batch.cursor, reader: 'other' });
  await service.manager.push(loser.id, 2);
  await hold(service, loser, { after: poll.batch.cursor, reader: 'other' });
  const winner = await service.manager.createSession('alice');
  t.deepEqual(service.events.of('closed'), [
    { app: 'default', id: loser.id, accountId: 'alice', reason: 'evicted', undelivered: 2 },
  ]);
  t.deepEqual(service.events.trace.slice(-2), [`closed ${loser.id}`, `created ${winner.id}`]);
  t.is(service.room.held, 0);
});
