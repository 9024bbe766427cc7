import test from 'ava';
import { SessionCounts } from '../../src/events/session-counts.js';
import { closeReasons } from '../../src/index.js';
import { startService, throwsCode } from '../support/service.js';

test('every event of every app is counted, with and without a listener', async (t) => {
  const { manager } = await startService(t);
  const { counts } = manager.inApp('other');
  const session = await manager.createSession('alice');
  await manager.inApp('other').createSession('bob');
  await manager.authenticate(session.token);
  await session.destroy();
  t.is(counts.total('created'), 2);
  t.is(counts.total('renewed'), 1);
  t.is(counts.total('closed'), 1);
  t.is(counts.total('away'), 0);
  t.is(manager.counts, counts, 'one for all apps');
});

test('closed is counted by reason, limit and overflow by verdict, and each known kind starts at 0', async (t) => {
  const { manager } = await startService(t, { maxSession: 1, msgMaxLength: 1, onOverflow: 'drop-newest' });
  const { counts } = manager;
  t.deepEqual(Object.keys(counts.byKind('closed')), Object.keys(closeReasons));
  t.deepEqual(counts.byKind('limit'), { refused: 0, evicted: 0 });
  const session = await manager.createSession('alice');
  await throwsCode(t, manager.createSession('alice'), 'SESSION_LIMIT');
  await session.write(1);
  await session.write(2);
  await session.close('revoked');
  await (await manager.createSession('alice')).destroy();
  t.like(counts.byKind('closed'), { revoked: 1, logout: 1, expired: 0 });
  t.deepEqual(counts.byKind('limit'), { refused: 1, evicted: 0 });
  t.deepEqual(counts.byKind('overflow'), { accepted: 0, dropped: 1, full: 0, close: 0 });
  t.deepEqual(counts.byKind('created'), {}, 'it has no kinds');
});

test('a kind that was unknown before is counted under its own name, and so is an event', (t) => {
  const counts = new SessionCounts();
  counts.add('refused', { kind: 'of the future' });
  counts.add('event of the future', {});
  t.is(counts.byKind('refused')['of the future'], 1);
  t.is(counts.total('refused'), 1);
  t.is(counts.total('event of the future'), 1);
});

test('the JSON of the counts has a number for each event, or its numbers by kind', async (t) => {
  const { manager } = await startService(t);
  await (await manager.createSession('alice')).destroy();
  const { created, closed } = JSON.parse(JSON.stringify(manager.counts));
  t.is(created, 1);
  t.is(closed.logout, 1);
});
