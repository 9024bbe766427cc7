import test from 'ava';
import { startService, throwsCode } from '../support/service.js';

test('pushToAccount reaches each session of the account and counts them', async (t) => {
  const { manager } = await startService(t);
  const sessions = [await manager.createSession('alice'), await manager.createSession('alice')];
  const bob = await manager.createSession('bob');
  t.deepEqual(await manager.pushToAccount('alice', { text: 'hi' }), { accepted: 2, dropped: 0, refused: 0 });
  for (const session of sessions) t.deepEqual((await session.drain()).messages[0]?.data, { text: 'hi' });
  t.is((await manager.getSession(bob.id)).undelivered, 0);
  t.deepEqual(await manager.pushToAccount('unknown', 1), { accepted: 0, dropped: 0, refused: 0 });
});

test('pushToApp reaches every session of the app and counts them', async (t) => {
  const { manager } = await startService(t);
  const sessions = await Promise.all(['alice', 'bob', 'carol'].map((account) => manager.createSession(account)));
  t.deepEqual(await manager.pushToApp('hi'), { accepted: 3, dropped: 0, refused: 0 });
  for (const session of sessions) t.is((await manager.getSession(session.id)).undelivered, 1);
});

test('drop-oldest accepts the message, and the overflow event counts the dropped ones', async (t) => {
  const { manager, events } = await startService(t, { msgMaxLength: 2 });
  const { id } = await manager.createSession('alice');
  for (const data of [1, 2]) t.is((await manager.push(id, data)).accepted, 1);
  t.deepEqual(events.of('overflow'), []);
  t.deepEqual(await manager.push(id, 3), { accepted: 1, dropped: 0, refused: 0 });
  t.deepEqual(events.of('overflow'), [
    { app: 'default', id, accountId: 'alice', verdict: 'accepted', dropped: 1, undelivered: 0 },
  ]);
  const batch = await manager.poll(id, { after: '', wait: 0 });
  t.deepEqual(
    batch.messages.map(({ offset }) => offset),
    [2, 3],
  );
  t.is(batch.lost, 1);
});

test('drop-newest drops the message and reports it as dropped', async (t) => {
  const { manager, events } = await startService(t, { msgMaxLength: 1, onOverflow: 'drop-newest' });
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  t.deepEqual(await manager.push(id, 2), { accepted: 0, dropped: 1, refused: 0 });
  t.is(events.of('overflow')[0]?.verdict, 'dropped');
  const batch = await manager.poll(id, { after: '', wait: 0 });
  t.is(batch.messages.length, 1);
  t.is(batch.lost, 1);
});

test('with reject a push to one session is MAILBOX_FULL, and in a push to many it counts as refused', async (t) => {
  const { manager, events } = await startService(t, { msgMaxLength: 1, onOverflow: 'reject' });
  const full = await manager.createSession('alice');
  await manager.push(full.id, 1);
  const { details } = await throwsCode(t, manager.push(full.id, 2), 'MAILBOX_FULL');
  t.deepEqual(details, { id: full.id });
  await manager.createSession('alice');
  t.deepEqual(await manager.pushToAccount('alice', 3), { accepted: 1, dropped: 0, refused: 1 });
  t.deepEqual(await manager.pushToApp(4), { accepted: 0, dropped: 0, refused: 2 });
  t.is(events.of('overflow').length, 4);
  t.true(events.of('overflow').every(({ verdict }) => verdict === 'full'));
  t.is((await manager.poll(full.id, { after: '', wait: 0 })).lost, 0);
});

test('under close the session that overflows is closed, after the overflow event', async (t) => {
  const { manager, events } = await startService(t, { msgMaxLength: 1, onOverflow: 'close' });
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1);
  events.clear();
  t.is((await throwsCode(t, manager.push(id, 2), 'SESSION_CLOSED')).details.reason, 'overflow');
  t.deepEqual(events.trace, [`overflow ${id}`, `closed ${id}`]);
  t.deepEqual(events.of('closed'), [{ app: 'default', id, accountId: 'alice', reason: 'overflow', undelivered: 1 }]);
  t.is((await throwsCode(t, manager.getSession(id), 'SESSION_CLOSED')).details.reason, 'overflow');
});

test('under close a push to many closes only the sessions that overflow', async (t) => {
  const { manager, events } = await startService(t, { msgMaxLength: 1, onOverflow: 'close' });
  const full = await manager.createSession('alice');
  await manager.push(full.id, 1);
  const roomy = await manager.createSession('alice');
  t.deepEqual(await manager.pushToAccount('alice', 2), { accepted: 1, dropped: 0, refused: 1 });
  t.deepEqual(
    events.of('closed').map(({ id }) => id),
    [full.id],
  );
  await manager.getSession(roomy.id);
});

test('a message with a key replaces the undelivered one with the same key, which is not counted as lost', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  await manager.push(id, 1, { key: 'count' });
  await manager.push(id, 'other');
  await manager.push(id, 2, { key: 'count' });
  await manager.pushToAccount('alice', 3, { key: 'count' });
  await manager.pushToApp(4, { key: 'count' });
  const batch = await manager.poll(id, { after: '', wait: 0 });
  t.deepEqual(
    batch.messages.map(({ offset, data }) => [offset, data]),
    [
      [2, 'other'],
      [5, 4],
    ],
  );
  t.is(batch.lost, 0);
});

test('a message larger than msgMaxBytes is refused and reaches no mailbox', async (t) => {
  const { manager } = await startService(t, { msgMaxBytes: 10 });
  const { id } = await manager.createSession('alice');
  const tooLarge = 'ä'.repeat(5);
  for (const push of [
    () => manager.push(id, tooLarge),
    () => manager.pushToAccount('alice', tooLarge),
    () => manager.pushToApp(tooLarge),
  ]) {
    t.deepEqual((await throwsCode(t, push, 'MESSAGE_TOO_LARGE')).details, { bytes: 12, msgMaxBytes: 10 });
  }
  t.is((await manager.getSession(id)).undelivered, 0);
  await manager.push(id, 'ä'.repeat(4));
});

test('a value that is not JSON is refused by every push', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  for (const data of [undefined, () => {}, 1n, Number.NaN, Symbol('x')]) {
    await throwsCode(t, manager.push(id, data), 'INVALID_ARGUMENT');
    await throwsCode(t, manager.pushToAccount('alice', data), 'INVALID_ARGUMENT');
    await throwsCode(t, manager.pushToApp(data), 'INVALID_ARGUMENT');
  }
  await throwsCode(t, manager.push(id, 1, { key: '' }), 'INVALID_ARGUMENT');
  t.is((await manager.getSession(id)).undelivered, 0);
});

test('a message is serialised once, at the push, for all receivers', async (t) => {
  const { manager } = await startService(t);
  for (const account of ['alice', 'bob', 'carol']) await manager.createSession(account);
  let count = 0;
  const data = {
    toJSON() {
      count += 1;
      return 'hi';
    },
  };
  await manager.pushToApp(data);
  t.is(count, 1);
});

test('no two receivers share an object', async (t) => {
  const { manager } = await startService(t);
  const { id } = await manager.createSession('alice');
  const data = { list: [1] };
  await manager.push(id, data);
  data.list.push(2);
  const [message] = (await manager.poll(id, { after: '', wait: 0 })).messages;
  t.deepEqual(message?.data, { list: [1] });
  t.not(message?.data, message?.data);
});
