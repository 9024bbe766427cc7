import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import test, { type ExecutionContext } from 'ava';
import { GcProcessor } from '../../src/index.js';
import { diagnostics, storeTracing } from '../../src/measures/diagnostics.js';
import { observeStore } from '../../src/metrics/index.js';
import { startService, throwsCode } from '../support/service.js';

/** Collects what a channel publishes from now on, for all services of this process. */
function listen(t: ExecutionContext, name: string): readonly unknown[] {
  const heard: unknown[] = [];
  const listener = (message: unknown) => heard.push(message);
  subscribe(name, listener);
  t.teardown(() => unsubscribe(name, listener));
  return heard;
}

// Serial, because the channels belong to the process.
test.serial('a login, a rotation and a logout are published as their events', async (t) => {
  const created = listen(t, 'session-mailbox:created');
  const rotated = listen(t, 'session-mailbox:rotated');
  const closed = listen(t, 'session-mailbox:closed');
  const { manager } = await startService(t);
  const { id, token } = await manager.inApp('shop').createSession('alice');
  const next = await manager.inApp('shop').rotateToken(id);
  await manager.inApp('shop').closeSession(id, 'logout');
  t.like(created[0], { app: 'shop', id, accountId: 'alice' });
  t.like(rotated[0], { app: 'shop', id });
  t.deepEqual(closed, [{ app: 'shop', id, accountId: 'alice', reason: 'logout', undelivered: 0 }]);
  const text = JSON.stringify([created, rotated, closed]);
  for (const secret of [token, next.token]) t.false(text.includes(secret.slice(24)));
});

test.serial('a push to each kind of target is published with its result', async (t) => {
  const pushes = listen(t, 'session-mailbox:push');
  const { manager } = await startService(t, { msgMaxLength: 1, onOverflow: 'drop-newest' });
  const { id } = await manager.createSession('alice');
  await manager.push(id, 'hi', { key: 'k' });
  await manager.pushToAccount('alice', 'ho');
  await manager.pushToApp(1);
  const app = 'default';
  t.deepEqual(pushes, [
    { app, target: 'session', to: id, key: 'k', bytes: 4, accepted: 1, dropped: 0, refused: 0 },
    { app, target: 'account', to: 'alice', key: undefined, bytes: 4, accepted: 0, dropped: 1, refused: 0 },
    { app, target: 'app', to: undefined, key: undefined, bytes: 1, accepted: 0, dropped: 1, refused: 0 },
  ]);
});

test.serial('a poll is published when it is held, when it receives its message, and when it has ended', async (t) => {
  const held = listen(t, 'session-mailbox:poll.held');
  const deliveries = listen(t, 'session-mailbox:delivery');
  const answered = listen(t, 'session-mailbox:poll.answered');
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const poll = manager.poll(id, { after: '', wait: 5000, reader: 'tab' });
  await clock.settle();
  const waiter = { app: 'default', id, reader: 'tab', transport: 'poll' };
  t.deepEqual(held, [{ ...waiter, wait: 5000 }]);
  await manager.push(id, 'hi');
  await poll;
  t.deepEqual(deliveries, [{ ...waiter, way: 'woken', messages: 1, bytes: 4, lost: 0, reset: false, latency: 0 }]);
  t.deepEqual(answered, [{ ...waiter, ending: 'messages' }]);
});

test.serial('a delivery reports how long its oldest message has waited', async (t) => {
  const deliveries = listen(t, 'session-mailbox:delivery');
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  await clock.advance(300);
  await manager.push(id, 2);
  await manager.poll(id, { after: '' });
  t.like(deliveries[0], { way: 'read', messages: 2, latency: 300 });
});

test.serial('a stream is published as held again after each message', async (t) => {
  const held = listen(t, 'session-mailbox:poll.held');
  const answered = listen(t, 'session-mailbox:poll.answered');
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const stream = manager.streamInto(id, { reader: 'tab' }, { deliver() {}, fail() {}, beat() {} });
  await clock.settle();
  await manager.push(id, 1);
  await clock.settle();
  t.is(held.length, 2);
  stream.cancel();
  t.deepEqual(answered, [{ app: 'default', id, reader: 'tab', transport: 'stream', ending: 'hung-up' }]);
});

test.serial('a round of background work is published with its results', async (t) => {
  const sweeps = listen(t, 'session-mailbox:sweep');
  const { manager, clock, container } = await startService(t, { gcTime: 1000, gcInterval: 60_000, hbTime: 60_000 });
  await manager.createSession('alice');
  await clock.advance(2000);
  await container.get(GcProcessor).sweep();
  t.like(sweeps[0], { kind: 'gc', count: 1 });
});

test.serial('store calls are traced if a subscriber existed before the service started', async (t) => {
  const started = listen(t, 'tracing:session-mailbox:store:start');
  const ended = listen(t, 'tracing:session-mailbox:store:asyncEnd');
  const failed = listen(t, 'tracing:session-mailbox:store:error');
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  await throwsCode(t, manager.getSession('A'.repeat(24)), 'SESSION_UNKNOWN');
  t.like(started[0], { operation: 'insert' });
  t.like(ended[0], { operation: 'insert', result: { record: { id } } });
  t.like(failed[0], { operation: 'get', error: { code: 'SESSION_UNKNOWN' } });
});

test.serial('with a later subscriber, store calls are traced only after the store is observed', async (t) => {
  const { manager } = await startService(t);
  const started = listen(t, 'tracing:session-mailbox:store:start');
  await manager.createSession('alice');
  t.is(started.length, 0);
  observeStore(manager);
  await manager.createSession('alice');
  t.is(started.length, 1);
});

test.serial('isHeard is false for a channel without a subscriber', (t) => {
  for (const channel of Object.values(diagnostics)) t.false(channel.isHeard, channel.name);
  t.false(storeTracing.hasSubscribers);
});
