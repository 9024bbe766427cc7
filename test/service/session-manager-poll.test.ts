import { getEventListeners } from 'node:events';
import test from 'ava';
import { settle } from '../../src/conformance/manual-clock.js';
import { type Batch, type PollOptions, SessionError } from '../../src/index.js';
import { timersAtRest } from '../delivery/held-poll.js';
import { startService, throwsCode } from '../support/service.js';

const dataOf = (batch: Batch) => batch.messages.map((message) => message.data);

test('a poll returns undelivered messages immediately, with offset and time', async (t) => {
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const at = clock.now();
  await manager.push(id, { text: 'hi' });
  const batch = await manager.poll(id, { after: '' });
  t.deepEqual(JSON.parse(JSON.stringify(batch.messages)), [{ offset: 1, at, data: { text: 'hi' } }]);
  t.deepEqual(Object.keys(batch).toSorted(), ['cursor', 'lost', 'messages']);
});

test('a poll of an empty mailbox resolves with the next push', async (t) => {
  const { manager, clock } = await startService(t);
  const { id } = await manager.createSession('alice');
  const polled = manager.poll(id, { after: '', wait: 25_000 });
  await settle();
  await manager.push(id, 'hi');
  t.deepEqual(dataOf(await polled), ['hi']);
  t.is(clock.pending, timersAtRest);
});

test('a poll without options drains and waits up to pollTime', async (t) => {
  const { manager, clock } = await startService(t, { pollTime: 5_000 });
  const { id } = await manager.createSession('alice');
  let batch: Batch | undefined;
  void manager.poll(id).then((answered) => {
    batch = answered;
  });
  await clock.advance(4_999);
  t.is(batch, undefined);
  await clock.advance(1);
  t.deepEqual(batch?.messages, []);
});

test('a poll returns at most limit messages, and at most msgMaxLength', async (t) => {
  const { manager } = await startService(t, { msgMaxLength: 4 });
  const { id } = await manager.createSession('alice');
  for (const data of [1, 2, 3, 4]) await manager.push(id, data);
  const first = await manager.poll(id, { after: '', limit: 3 });
  t.deepEqual(dataOf(first), [1, 2, 3]);
  t.deepEqual(dataOf(await manager.poll(id, { after: first.cursor, limit: 1_000_000 })), [4]);
});

test('each reader has its own position in the mailbox', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  const one = await manager.poll(id, { after: '', reader: 'one' });
  t.deepEqual(dataOf(await manager.poll(id, { after: '', reader: 'two' })), [1]);
  t.deepEqual(dataOf(await manager.poll(id, { after: one.cursor, reader: 'one', wait: 0 })), []);
});

test('a poll that drains returns each message once to its reader', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  t.deepEqual(dataOf(await manager.poll(id, { wait: 0 })), [1]);
  t.deepEqual(dataOf(await manager.poll(id, { wait: 0 })), []);
  t.is((await manager.getSession(id)).undelivered, 0);
});

test('a cursor of another epoch or beyond the last message gets all retained messages and reset', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  const { cursor } = await manager.poll(id, { after: '', wait: 0 });
  const [epoch] = cursor.split('.');
  for (const after of ['other1.1', `${epoch}.2`, `${epoch}.999999999999999`]) {
    const batch = await manager.poll(id, { after, wait: 0, reader: after.replace(/\W/g, '') });
    t.deepEqual(dataOf(batch), [1]);
    t.true(batch.reset);
    t.is(batch.cursor, cursor);
  }
});

test("an aborted poll rejects with the signal's reason, is no longer held, and loses no message", async (t) => {
  const { manager, clock, room } = await startService(t);
  const { id } = await manager.createSession('alice');
  const controller = new AbortController();
  const polled = manager.poll(id, { after: '', signal: controller.signal });
  await settle();
  t.is(room.held, 1);
  const reason = new Error('gone');
  controller.abort(reason);
  t.is(await t.throwsAsync(polled), reason);
  t.is(room.held, 0);
  t.is(clock.pending, timersAtRest);
  await manager.push(id, 'hi');
  t.deepEqual(dataOf(await manager.poll(id, { after: '' })), ['hi']);
});

test('a poll with an aborted signal does not start', async (t) => {
  const { manager, room } = await startService(t);
  const { id } = await manager.createSession('alice');
  const error = await t.throwsAsync(manager.poll(id, { signal: AbortSignal.abort() }), { any: true });
  t.true(error instanceof DOMException && error.name === 'AbortError');
  t.is(room.held, 0);
});

test('a poll aborted in the turn in which it started does not supersede the next one', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const controller = new AbortController();
  const aborted = manager.poll(id, { after: '', signal: controller.signal });
  controller.abort();
  const polled = manager.poll(id, { after: '' });
  await t.throwsAsync(aborted, { any: true });
  await settle();
  await manager.push(id, 'hi');
  t.deepEqual(dataOf(await polled), ['hi']);
});

test('an answered poll has removed its listener from the signal', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const { signal } = new AbortController();
  const polled = manager.poll(id, { signal });
  await settle();
  t.is(getEventListeners(signal, 'abort').length, 1);
  await manager.push(id, 'hi');
  await polled;
  await manager.poll(id, { wait: 0, signal });
  await throwsCode(t, manager.poll('x'.repeat(24), { wait: 0, signal }), 'SESSION_UNKNOWN');
  await throwsCode(t, manager.poll('malformed', { wait: 0, signal }), 'SESSION_UNKNOWN');
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('the end of the session resolves its held polls with the reason', async (t) => {
  const { manager } = await startService(t);
  const session = await manager.createSession('alice');
  const polled = manager.poll(session.id, { after: '' });
  await settle();
  await session.destroy();
  const batch = await polled;
  t.is(batch.closed?.code, 'logout');
  t.false(batch.closed?.reconnect);
  await throwsCode(t, manager.poll(session.id, { after: batch.cursor }), 'SESSION_CLOSED');
});

test('a superseded poll resolves with superseded: true', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const older = manager.poll(id, { after: '' });
  await settle();
  const newer = manager.poll(id, { after: '' });
  t.true((await older).superseded);
  await manager.push(id, 'hi');
  t.deepEqual(dataOf(await newer), ['hi']);
});

const unsound: readonly [keyof PollOptions, readonly unknown[]][] = [
  ['after', ['x', '.', 'abc', 'abc.', '.5', 'abc.-1', 'ABC.1', `${'a'.repeat(17)}.1`, `a.${'1'.repeat(16)}`, 5, null]],
  ['wait', [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, '1', null]],
  ['limit', [0, -1, 0.5, Number.NaN, '1', null]],
  ['reader', ['', 'a b', 'ä', 'x'.repeat(65), '../x\n', 5, null]],
];

for (const [argument, values] of unsound) {
  test(`a poll's ${argument} of a wrong shape is INVALID_ARGUMENT and names it`, async (t) => {
    const { manager, room } = await startService(t);
    const { id } = await manager.createSession('alice');
    for (const value of values) {
      const error = await throwsCode(t, manager.poll(id, { [argument]: value }), 'INVALID_ARGUMENT');
      t.is(error.details.argument, argument);
      t.true(error.message.includes(error.details.rule) && error.message.includes(error.details.value));
    }
    t.is(room.held, 0);
  });
}

test('a wait of NaN is refused as NaN', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const { message } = await throwsCode(t, manager.poll(id, { wait: Number.NaN }), 'INVALID_ARGUMENT');
  t.regex(message, /^wait .*; got NaN$/);
});

test('pollAsBearer passes every error to receiver.fail and never throws', async (t) => {
  const { manager, container } = await startService(t);
  const { token } = await manager.createSession('alice');
  const errors: unknown[] = [];
  const receiver = { deliver: () => t.fail(), fail: (error: unknown) => errors.push(error) };
  manager.pollAsBearer(token, { limit: 0 }, receiver).cancel();
  manager.pollAsBearer('', {}, receiver).cancel();
  await container.unbindAllAsync();
  manager.pollAsBearer(token, {}, receiver).cancel();
  const codes = errors.map((error) => (SessionError.is(error) ? error.code : error));
  t.deepEqual(codes, ['INVALID_ARGUMENT', 'SESSION_UNKNOWN', 'STOPPED']);
});

test('pollAsBearer with a wrong secret is SESSION_UNKNOWN and affects neither the held poll nor the messages', async (t) => {
  const { manager, room } = await startService(t);
  const { id, token } = await manager.createSession('alice');
  const held = manager.poll(id, {});
  await settle();
  const wrong = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
  const answered = new Promise<unknown>((deliver, fail) => void manager.pollAsBearer(wrong, {}, { deliver, fail }));
  await throwsCode(t, answered, 'SESSION_UNKNOWN');
  t.is(room.held, 1);
  await manager.push(id, 'hi');
  t.deepEqual(dataOf(await held), ['hi']);
});

test('pollAsBearer passes the batch of the bearer to receiver.deliver', async (t) => {
  const { manager } = await startService(t);
  const { id, token } = await manager.createSession('alice');
  await manager.push(id, 'hi');
  const batch = await new Promise<Batch>(
    (deliver, fail) => void manager.pollAsBearer(token, { after: '' }, { deliver, fail }),
  );
  t.deepEqual(dataOf(batch), ['hi']);
});
