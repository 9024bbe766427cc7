import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import type { StreamReceiver } from '../../src/index.js';
import { startService } from '../support/service.js';
import { assertNoneHeld, hold, startDelayedService } from './held-poll.js';
import { openStream } from './open-stream.js';

const silent: StreamReceiver = { deliver() {}, fail() {}, beat() {} };

test('a poll and a stream held for a session receive what the session takes over from another', async (t) => {
  const service = await startService(t, { gcTime: 5_000 });
  const { manager, clock } = service;
  const old = await manager.createSession('alice');
  const session = await manager.createSession('alice');
  await manager.push(old.id, 'old');
  const poll = await hold(service, session, { reader: 'poll' });
  const stream = await openStream(service, session, { reader: 'stream' });
  await manager.replaceSession(session.id, old.id);
  await settle();
  t.false(poll.isHeld);
  t.deepEqual(stream.data, ['old']);
  await manager.push(session.id, 'new');
  await settle();
  t.deepEqual(stream.data, ['old', 'new']);
  await clock.advance(6_000);
  t.is((await manager.getSession(session.id)).id, session.id, 'a session does not expire while a stream is held');
  stream.hangUp();
  await assertNoneHeld(t, service, session.id);
});

test('a receiver may close the account when it is notified that closeAccount has closed its session', async (t) => {
  const { manager, clock, events } = await startService(t);
  const sessions = await Promise.all([1, 2, 3].map(() => manager.createSession('alice')));
  await manager.createSession('bob');
  for (const { id } of sessions) {
    manager.streamInto(
      id,
      {},
      {
        ...silent,
        deliver: ({ closed }) => {
          if (closed !== undefined) void manager.closeAccount('alice');
        },
      },
    );
  }
  await settle();
  t.is(await manager.closeAccount('alice'), 3);
  await clock.advance(10);
  for (const each of ['carol', 'dave', 'erin']) await manager.createSession(each);
  events.clear();
  await clock.advance(20_000);
  t.is(events.of('away').length, 4);
  await clock.advance(900_000);
  t.is(events.of('closed').length, 4);
});

test('a receiver may close the other sessions of the account during a push to the account', async (t) => {
  const { manager, clock, events } = await startService(t);
  const sessions = await Promise.all([1, 2, 3].map(() => manager.createSession('alice')));
  for (const [index, { id }] of sessions.entries()) {
    manager.streamInto(
      id,
      {},
      {
        ...silent,
        deliver: ({ messages }) => {
          if (messages.length > 0 && index === 0) void manager.closeAccount('alice', { except: id });
        },
      },
    );
  }
  await settle();
  await clock.advance(10);
  await manager.pushToAccount('alice', 'go');
  await settle();
  await manager.closeAccount('alice');
  for (const each of ['carol', 'dave', 'erin']) await manager.createSession(each);
  events.clear();
  await clock.advance(20_000);
  t.is(events.of('away').length, 3);
  await clock.advance(900_000);
  t.is(events.of('closed').length, 3);
});

test('a receiver that logs in again when its session is evicted does not exceed the limit', async (t) => {
  const { manager } = await startService(t, { maxSession: 1, onMaxSession: 'evict-oldest' });
  const first = await manager.createSession('alice');
  let again: Promise<unknown> | undefined;
  manager.streamInto(
    first.id,
    {},
    {
      ...silent,
      deliver: ({ closed }) => {
        if (closed !== undefined) again = manager.createSession('alice');
      },
    },
  );
  await settle();
  await manager.createSession('alice');
  await again;
  t.is((await manager.sessionsOfAccount('alice')).length, 1);
});

for (const throws of [false, true]) {
  test(`a stream that ${throws ? 'throws' : 'is closed by its client'} during its heartbeat releases its reader`, async (t) => {
    const service = await startService(t, { pollTime: 10_000 });
    const session = await service.manager.createSession('alice');
    const stream = service.manager.streamInto(
      session.id,
      { reader: 'tab' },
      {
        ...silent,
        beat: () => {
          if (throws) throw new Error('broken pipe');
          stream.cancel();
        },
      },
    );
    await settle();
    await service.clock.advance(10_000);
    await assertNoneHeld(t, service, session.id);
  });
}

test('a poll whose read failed is read again even if another reader of its session was read in between', async (t) => {
  const service = await startDelayedService(t);
  const { manager, clock, store, room } = service;
  const session = await manager.createSession('alice');
  const poll = await hold(service, session, { reader: 'one' });
  store.isAway = true;
  room.changed('default', session.id);
  await settle();
  // Ends its park in the store. This also happens if its node was given up or its notice was lost.
  await store.release('default', session.id, 'one');
  await manager.push(session.id, 'hello');
  store.isAway = false;
  const other = await hold(service, session, { reader: 'two' });
  t.deepEqual(other.data, ['hello']);
  await clock.advance(service.manager.context.hbTime);
  t.false(poll.isHeld);
  t.deepEqual(poll.data, ['hello']);
});

test('a receiver that throws when it is turned away is called once, and the caller does not see the exception', async (t) => {
  const { manager } = await startService(t, { maxWaiter: 0 });
  const session = await manager.createSession('alice');
  const calls: string[] = [];
  const told = (call: string) => () => {
    calls.push(call);
    throw new Error('the socket is gone');
  };
  t.notThrows(() => manager.streamInto(session.id, {}, { deliver: told('deliver'), fail: told('fail'), beat() {} }));
  t.notThrows(() => manager.pollInto('no id', {}, { deliver: told('deliver'), fail: told('fail') }));
  t.deepEqual(calls, ['deliver', 'fail']);
});

test('a client that is turned away receives a retry of at most a minute, even if presence is judged rarely', async (t) => {
  const service = await startService(t, { hbTime: 2_147_483_647, hbGrace: 2_147_483_647, drainTime: 2_147_483_647 });
  const session = await service.manager.createSession('alice');
  const poll = await hold(service, session);
  await service.manager.drain();
  const { retry = 0 } = poll.batch;
  t.true(retry >= 30_000 && retry <= 60_000, `${retry}`);
});
