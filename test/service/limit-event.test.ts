import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import type { LimitedLogin, SessionManager } from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';

function limitsOf(manager: SessionManager): readonly LimitedLogin[] {
  const limits: LimitedLogin[] = [];
  manager.on('limit', (limit) => limits.push(limit));
  return limits;
}

test('a login refused by the limit emits limit once, with account, limit and policy', async (t) => {
  const { manager, events } = await startService(t, { maxSession: 1 });
  const limits = limitsOf(manager);
  await manager.createSession('alice');
  await manager.createSession('bob');
  await settle();
  t.deepEqual(limits, [], 'no account is beyond its limit');
  await throwsCode(t, manager.createSession('alice'), 'SESSION_LIMIT');
  await settle();
  t.is(limits.length, 1);
  const { id, ...rest } = limits[0] ?? t.fail();
  t.regex(id, /^[0-9A-Za-z]{24}$/);
  t.deepEqual(rest, {
    app: 'default',
    accountId: 'alice',
    maxSession: 1,
    onMaxSession: 'reject',
    verdict: 'refused',
    evicted: [],
  });
  t.deepEqual(events.names, ['created', 'created']);
});

for (const onMaxSession of ['evict-oldest', 'evict-idle'] as const) {
  test(`a login that evicts by ${onMaxSession} emits limit, then closed of each evicted session, then created`, async (t) => {
    const { manager, clock } = await startService(t, { maxSession: 2, onMaxSession });
    const [first, second] = [await manager.createSession('alice'), await manager.createSession('alice')];
    await clock.advance(1);
    const heard: string[] = [];
    const limits = limitsOf(manager);
    manager.on('limit', ({ id }) => heard.push(`limit ${id}`));
    manager.on('closed', ({ id }) => heard.push(`closed ${id}`));
    manager.on('created', ({ id }) => heard.push(`created ${id}`));
    const third = await manager.createSession('alice', { maxSession: 1 });
    await settle();
    t.deepEqual(heard, [`limit ${third.id}`, `closed ${first.id}`, `closed ${second.id}`, `created ${third.id}`]);
    const [limit] = limits;
    t.is(limit?.verdict, 'evicted');
    t.is(limit?.maxSession, 1, 'the limit that the login named');
    t.is(limit?.onMaxSession, onMaxSession);
    t.deepEqual(
      limit?.evicted.map(({ id, reason }) => [id, reason]),
      [
        [first.id, 'evicted'],
        [second.id, 'evicted'],
      ],
    );
  });
}

test('limit is emitted for a named session that is refused, but not for one that exists already', async (t) => {
  const { manager } = await startService(t, { maxSession: 1 });
  const limits = limitsOf(manager);
  await manager.createNamedSession('alice', 'phone');
  await manager.createNamedSession('alice', 'phone');
  await settle();
  t.deepEqual(limits, []);
  await throwsCode(t, manager.createNamedSession('alice', 'laptop'), 'SESSION_LIMIT');
  await settle();
  t.deepEqual(
    limits.map(({ id, verdict }) => [id, verdict]),
    [[manager.namedSessionId('alice', 'laptop'), 'refused']],
  );
});

test('a login that fails for another reason emits no limit', async (t) => {
  const { manager } = await startService(t, { maxSession: 1, attributesMaxBytes: 8 });
  const limits = limitsOf(manager);
  await throwsCode(t, manager.createSession('alice', { attributes: { a: 'much too long' } }), 'INVALID_ARGUMENT');
  await settle();
  t.deepEqual(limits, []);
});

test('limit reaches only the listeners of its own app', async (t) => {
  const { manager } = await startService(t, { maxSession: 1 });
  const [own, other] = [limitsOf(manager), limitsOf(manager.inApp('other'))];
  await manager.inApp('other').createSession('alice');
  await throwsCode(t, manager.inApp('other').createSession('alice'), 'SESSION_LIMIT');
  await settle();
  t.deepEqual([own.length, other.length], [0, 1]);
});
