import { getEventListeners } from 'node:events';
import test from 'ava';
import { mailboxStore } from '../../src/client/store.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, Device, Network, next, take, takeAll } from './client-stage.js';

test('each message is delivered once and in order, whether it was pushed before the client connected or while it waits', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.push('one', 'two');
  const mailbox = stage.connect();
  const { taken } = takeAll(mailbox);
  await eventually(() => taken.length === 2 && stage.kit.room.held === 1);
  await stage.push('three');
  await eventually(() => taken.length === 3 && stage.kit.room.held === 1);
  t.deepEqual(taken, ['one', 'two', 'three']);
  t.is(mailbox.state, 'open');
});

test('a message is acknowledged when the application asks for the next one, and no later message is', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.push('one', 'two', 'three');
  const mailbox = stage.connect();
  const loop = mailbox[Symbol.asyncIterator]();
  t.is((await loop.next()).value?.data, 'one');
  t.is((await loop.next()).value?.data, 'two');
  const other = stage.connect({ reader: 'other', after: mailbox.cursor });
  const resets: unknown[] = [];
  other.on('reset', () => resets.push('reset'));
  t.deepEqual(await take(other, 2), ['two', 'three'], 'the cursor stands behind the first message');
  t.deepEqual(resets, []);
});

test('a message that the application fails to process stays at the server, and the next loop gets it again', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.push('one', 'two');
  const mailbox = stage.connect();
  const failure = new Error('not shown');
  await t.throwsAsync(
    async () => {
      for await (const { data } of mailbox) if (data === 'two') throw failure;
    },
    { is: failure },
  );
  t.is(await stage.kept(), 2);
  const { taken } = takeAll(mailbox);
  await eventually(async () => (await stage.kept()) === 0);
  t.deepEqual(taken, ['two']);
});

test('a client whose application takes no messages sends no further poll', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  await stage.push('one', 'two');
  const mailbox = stage.connect({ fetch: network.fetch });
  await next(mailbox, 'open');
  const loop = mailbox[Symbol.asyncIterator]();
  await loop.next();
  await loop.next();
  await stage.push('three');
  t.is(network.paths.length, 1);
  t.is((await loop.next()).value?.data, 'three');
  t.is(network.paths.length, 2);
});

test('a second loop at the same time is refused', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const loop = mailbox[Symbol.asyncIterator]();
  t.throws(() => mailbox[Symbol.asyncIterator](), { instanceOf: TypeError, message: /One loop/ });
  await loop.return?.();
  t.notThrows(() => mailbox[Symbol.asyncIterator]());
});

test('a loop that was left while it waited takes no message from the next loop', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const left = mailbox[Symbol.asyncIterator]();
  const waiting = left.next();
  await eventually(() => stage.kit.room.held === 1);
  t.true((await left.return?.())?.done);
  t.true((await waiting).done);
  const { taken } = takeAll(mailbox);
  t.true((await left.next()).done);
  await left.return?.();
  await stage.push('one', 'two');
  await eventually(async () => (await stage.kept()) === 0);
  t.deepEqual(taken, ['one', 'two']);
  t.throws(() => mailbox[Symbol.asyncIterator](), { message: /One loop/ }, 'the second loop runs still');
});

test('two concurrent calls of next get one message each, or the end', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const loop = mailbox[Symbol.asyncIterator]();
  const got: unknown[] = [];
  for (const name of ['first', 'second', 'third']) {
    void loop.next().then(({ value, done }) => got.push([name, done ? 'end' : value.data]));
  }
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('one', 'two');
  await eventually(() => got.length === 2);
  mailbox.close();
  await eventually(() => got.length === 3);
  t.deepEqual(got, [
    ['first', 'one'],
    ['second', 'two'],
    ['third', 'end'],
  ]);
});

test('a second loop over a mailbox that has ended ends too', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  mailbox.close();
  for (const loop of ['first', 'second']) t.deepEqual(await take(mailbox, 1), [], loop);
});

test('a loop over a mailbox that the application has closed does not move the cursor', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.push('one', 'two', 'three');
  const mailbox = stage.connect({ reader: 'tab' });
  for await (const { data } of mailbox) if (data === 'one') mailbox.close();
  const { cursor } = mailbox;
  for (const loop of ['second', 'third']) t.deepEqual(await take(mailbox, 1), [], loop);
  t.is(mailbox.cursor, cursor);
  t.deepEqual(await take(stage.connect({ reader: 'tab', after: cursor }), 2), ['two', 'three']);
});

test('messages that a bound dropped are reported as lost before the next message', async (t) => {
  const stage = await ClientStage.start(t, { context: { msgMaxLength: 2 } });
  await stage.push('one');
  const first = stage.connect({ reader: 'tab' });
  const { taken } = takeAll(first);
  await eventually(async () => taken.length === 1 && (await stage.kept()) === 0);
  const { cursor } = first;
  first.close();
  await stage.push('two', 'three', 'four', 'five');
  const mailbox = stage.connect({ reader: 'tab', after: cursor });
  const heard: unknown[] = [];
  mailbox.on('lost', (count) => heard.push(count));
  for await (const { data } of mailbox) {
    heard.push(data);
    if (data === 'five') break;
  }
  t.deepEqual(heard, [2, 'four', 'five']);
});

test('a client whose session ends delivers the last messages, then ends the loop and reports the reason', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const { taken, end } = takeAll(mailbox);
  const closed = next(mailbox, 'closed');
  await eventually(() => stage.kit.room.held === 1);
  await stage.push('last');
  await eventually(() => taken.length === 1);
  await stage.session.close('revoked');
  await end;
  t.like(await closed, { code: 'revoked', reconnect: false });
  t.is(mailbox.state, 'closed');
  t.is(mailbox.closed?.code, 'revoked');
  t.deepEqual(taken, ['last']);
});

test('a client that connects after the end of the session receives the reason', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.session.close('evicted');
  t.like(await next(stage.connect(), 'closed'), { code: 'evicted' });
});

test('a client whose reader another client takes over ends, and does not take the reader back', async (t) => {
  const stage = await ClientStage.start(t);
  const first = stage.connect({ reader: 'same' });
  const closed = next(first, 'closed');
  await eventually(() => stage.kit.room.held === 1);
  const second = stage.connect({ reader: 'same' });
  t.like(await closed, { code: 'superseded' });
  await eventually(() => second.state === 'open');
});

test('close ends the loop and the held poll, and so does an aborted signal', async (t) => {
  const stage = await ClientStage.start(t);
  const abort = new AbortController();
  const device = new Device();
  const closing = stage.connect({ reader: 'a', device });
  const aborted = stage.connect({ reader: 'b', signal: abort.signal });
  const ends = [takeAll(closing).end, takeAll(aborted).end];
  await eventually(() => stage.kit.room.held === 2);
  closing.close();
  abort.abort();
  await Promise.all(ends);
  await eventually(() => stage.kit.room.held === 0);
  t.is(closing.closed?.code, 'closed');
  t.is(aborted.state, 'closed');
  t.is(device.listeners, 0);
  const late = stage.connect({ signal: abort.signal });
  await takeAll(late).end;
  t.is(late.state, 'closed');
});

const states = ['connecting', 'open', 'waiting', 'away', 'closed'] as const;

for (const after of ['other.1.abc', 'damaged']) {
  test(`a mailbox that a listener of reset has closed tells of no other state: after=${after}`, async (t) => {
    const stage = await ClientStage.start(t);
    const mailbox = stage.connect({ after });
    const store = mailboxStore(mailbox);
    const told: string[] = [];
    for (const state of states) mailbox.on(state, () => told.push(state));
    mailbox.on('reset', () => mailbox.close());
    await next(mailbox, 'closed');
    await stage.kit.request('/nothing');
    t.is(told.at(-1), 'closed');
    t.is(store.getSnapshot().state, 'closed');
  });
}

test('a mailbox that has ended has no listener on the signal of the application', async (t) => {
  const stage = await ClientStage.start(t);
  const { signal } = new AbortController();
  const mailbox = stage.connect({ signal });
  t.is(getEventListeners(signal, 'abort').length, 1);
  mailbox.close();
  t.is(getEventListeners(signal, 'abort').length, 0);
});

test('held polls end on time, and the client sends the next poll', async (t) => {
  const stage = await ClientStage.start(t);
  const network = new Network();
  const mailbox = stage.connect({ fetch: network.fetch });
  const states: string[] = [];
  for (const state of ['connecting', 'open', 'waiting', 'away', 'closed'] as const) {
    mailbox.on(state, () => states.push(state));
  }
  for (let polls = 2; polls < 5; polls += 1) {
    await eventually(() => network.paths.length === polls && stage.kit.room.held === 1);
    await stage.kit.clock.advance(25_000);
  }
  t.deepEqual(states, ['open']);
  t.regex(network.paths[0] ?? '', /wait=0/);
  t.regex(network.paths[1] ?? '', /wait=25000/);
});
