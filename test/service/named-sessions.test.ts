import test from 'ava';
import { MemoryStore, type NewSession } from '../../src/index.js';
import { isSessionId } from '../../src/store/session-token.js';
import { bindStore, EventLog, startService, throwsCode } from '../support/service.js';

test('an account has one session of a name, created by the first caller', async (t) => {
  const { manager, events } = await startService(t, { maxSession: 1 });
  const asked = await Promise.all(
    Array.from({ length: 20 }, (_, each) => manager.createNamedSession('alice', 'phone', { attributes: { each } })),
  );
  t.deepEqual(
    asked.map(({ created }) => created),
    asked.map((_, each) => each === 0),
  );
  t.true(asked.every(({ session }) => session.id === asked[0]?.session.id && session.getAttr('each') === 0));
  t.deepEqual(events.names, ['created']);
  await throwsCode(t, manager.createNamedSession('alice', 'laptop'), 'SESSION_LIMIT');
});

test('the id of a named session is known before its creation, differs by app, account and name, and reveals none of them', async (t) => {
  const { manager } = await startService(t);
  const other = manager.inApp('other');
  const { session } = await manager.createNamedSession('alice', 'phone');
  t.is(session.id, manager.namedSessionId('alice', 'phone'));
  const ids = [
    session.id,
    manager.namedSessionId('alice', 'phone2'),
    manager.namedSessionId('alic', 'ephone'),
    manager.namedSessionId('bob', 'phone'),
    other.namedSessionId('alice', 'phone'),
  ];
  t.is(new Set(ids).size, 5);
  // Two unrelated ids have the same character at a few positions only.
  const agreeing = [...session.id].filter((character, place) => character === ids[1]?.[place]);
  t.true(agreeing.length < 8, `${session.id} ${ids[1]}`);
  t.true(ids.every(isSessionId));
});

test('the store gets the hash of a secret that was generated for this session only', async (t) => {
  const hashes: string[] = [];
  class RecordingStore extends MemoryStore {
    override insertOnce(session: NewSession): ReturnType<MemoryStore['insertOnce']> {
      hashes.push(session.secretHash);
      return super.insertOnce(session);
    }
  }
  const { manager } = await startService(t, {}, { store: bindStore((...parts) => new RecordingStore(...parts)) });
  for (const name of ['phone', 'laptop', 'tablet']) await manager.createNamedSession('alice', name);
  t.is(new Set(hashes).size, 3);
  for (const hash of hashes) t.regex(hash, /^[0-9A-Za-z_-]{43}$/);
});

test('a named session has no token until rotateToken issues one', async (t) => {
  const { manager } = await startService(t);
  const { session } = await manager.createNamedSession('alice', 'phone');
  t.false('token' in session);
  const { token } = await manager.rotateToken(session.id);
  t.is((await manager.authenticate(token)).id, session.id);
});

test("a name can't be used again for tombstoneTime after its session was closed", async (t) => {
  const { manager, clock } = await startService(t, { tombstoneTime: 5_000 });
  const { session } = await manager.createNamedSession('alice', 'phone', { attributes: { old: true } });
  await session.close('revoked');
  const { details } = await throwsCode(t, manager.createNamedSession('alice', 'phone'), 'SESSION_CLOSED');
  t.is(details.reason, 'revoked');
  await clock.advance(5_000);
  const again = await manager.createNamedSession('alice', 'phone');
  t.deepEqual([again.created, again.session.id, again.session.getAllAttr()], [true, session.id, {}]);
});

test('an eviction by a named session is reported', async (t) => {
  const { manager, events } = await startService(t, { maxSession: 1, onMaxSession: 'evict-oldest' });
  const { session: first } = await manager.createNamedSession('alice', 'phone');
  const { session: second } = await manager.createNamedSession('alice', 'laptop');
  t.deepEqual(events.trace, [`created ${first.id}`, `closed ${first.id}`, `created ${second.id}`]);
});

test('names and accounts of a wrong shape are INVALID_ARGUMENT', async (t) => {
  const { manager } = await startService(t);
  for (const name of ['', 'x'.repeat(257), 'a\nb', 5, undefined] as string[]) {
    const { details } = await throwsCode(t, manager.createNamedSession('alice', name), 'INVALID_ARGUMENT');
    t.is(details.argument, 'name');
  }
  const { details } = await throwsCode(t, manager.createNamedSession('', 'phone'), 'INVALID_ARGUMENT');
  t.is(details.argument, 'accountId');
  t.deepEqual((await manager.sessionsOfApp()).sessions, []);
});

test('renewSession and touch can change the idle time', async (t) => {
  const { manager, clock } = await startService(t, { gcTime: 10_000 });
  const session = await manager.createSession('alice');
  t.is((await manager.renewSession(session.id, { ttl: 20_000 })).ttl, 20_000);
  await clock.advance(19_999);
  await session.touch({ ttl: 1_000 });
  t.deepEqual([session.ttl, session.lastTime], [1_000, clock.now()]);
  await clock.advance(1_000);
  t.is((await throwsCode(t, session.touch(), 'SESSION_CLOSED')).details.reason, 'expired');
});

test('a renewal without activity changes only presence', async (t) => {
  const { manager, clock } = await startService(t, { gcTime: 10_000, hbTime: 1_000, hbGrace: 2_000 });
  const session = await manager.createSession('alice');
  const { lastTime } = session;
  await clock.advance(5_000);
  t.is((await manager.getSession(session.id)).presence, 'away');
  const events = new EventLog(manager);
  const renewed = await manager.renewSession(session.id, { activity: false });
  t.deepEqual([renewed.presence, renewed.lastTime], ['online', lastTime]);
  await session.touch({ activity: false });
  await clock.settle();
  t.deepEqual(events.names, ['online']);
});

test('a renewal with a wrong option is INVALID_ARGUMENT and renews nothing', async (t) => {
  const { manager, events } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const ttl of [0, -1, 1.5, Number.NaN, '5', null] as number[]) {
    const { details } = await throwsCode(t, manager.renewSession(id, { ttl }), 'INVALID_ARGUMENT');
    t.is(details.argument, 'ttl');
  }
  const { details } = await throwsCode(t, manager.renewSession(id, { activity: 1 as never }), 'INVALID_ARGUMENT');
  t.is(details.argument, 'activity');
  t.deepEqual(events.names, ['created']);
});
