import test from 'ava';
import { startService, throwsCode } from '../support/service.js';

test('passwordChanged gives this session a new token, and ends all other sessions of the account', async (t) => {
  const { manager, events } = await startService(t);
  const mine = await manager.createSession('alice');
  const others = [await manager.createSession('alice'), await manager.createSession('alice')];
  const bob = await manager.createSession('bob');
  await manager.push(others[0]?.id ?? '', 'lost');
  events.clear();
  const { session, closed } = await manager.passwordChanged(mine.id);
  t.is(session.id, mine.id);
  t.is((await manager.authenticate(session.token)).id, mine.id);
  t.deepEqual(
    closed.map(({ id, reason, undelivered }) => [id, reason, undelivered]),
    others.map(({ id }, index) => [id, 'revoked', index === 0 ? 1 : 0]),
  );
  await throwsCode(t, manager.authenticate(mine.token), 'SESSION_UNKNOWN');
  for (const { token } of others) await throwsCode(t, manager.authenticate(token), 'SESSION_CLOSED');
  t.is((await manager.authenticate(bob.token)).id, bob.id);
  t.deepEqual(events.trace.slice(0, 3), [`rotated ${mine.id}`, ...others.map(({ id }) => `closed ${id}`)]);
});

test('polls of the old token end as rotated, and those of the other sessions as revoked', async (t) => {
  const { manager, room } = await startService(t);
  const [mine, other] = [await manager.createSession('alice'), await manager.createSession('alice')];
  const polls = [mine, other].map(({ id }) => manager.poll(id, { after: '', wait: 60_000 }));
  while (room.held < 2) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  await manager.passwordChanged(mine.id);
  const [first, second] = await Promise.all(polls);
  t.deepEqual([first?.closed?.code, second?.closed?.code], ['rotated', 'revoked']);
});

test('passwordChanged of an ended session rejects, and ends nothing', async (t) => {
  const { manager } = await startService(t);
  const [mine, other] = [await manager.createSession('alice'), await manager.createSession('alice')];
  await mine.close();
  await throwsCode(t, manager.passwordChanged(mine.id), 'SESSION_CLOSED');
  await throwsCode(t, manager.passwordChanged('x'.repeat(24)), 'SESSION_UNKNOWN');
  await throwsCode(t, manager.passwordChanged(mine.token), 'INVALID_ARGUMENT');
  t.is((await manager.authenticate(other.token)).id, other.id);
});
