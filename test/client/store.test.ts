import test from 'ava';
import { type MailboxStore, type MailboxStoreSnapshot, mailboxStore } from '../../src/client/store.js';
import { settle } from '../../src/conformance/manual-clock.js';
import { eventually } from '../support/eventually.js';
import { ClientStage, next, take } from './client-stage.js';

const dataOf = ({ getSnapshot }: MailboxStore) => getSnapshot().messages.map(({ data }) => data);

test('a store keeps the newest messages up to its limit, and notifies its listeners of each change', async (t) => {
  const stage = await ClientStage.start(t);
  await stage.push('one', 'two', 'three');
  const store = mailboxStore(stage.connect(), { limit: 2 });
  t.like(store.getSnapshot(), { messages: [], state: 'connecting', lost: 0, resets: 0, closed: undefined });
  const seen: MailboxStoreSnapshot[] = [];
  store.subscribe(() => seen.push(store.getSnapshot()));
  await eventually(() => dataOf(store).includes('three'));
  t.deepEqual(dataOf(store), ['two', 'three']);
  t.is(store.getSnapshot().state, 'open');
  t.is(store.getSnapshot(), store.getSnapshot(), 'the same object while nothing changes');
  t.is(new Set(seen).size, seen.length, 'another object after each change');
  t.deepEqual(
    seen[1]?.messages.map(({ data }) => data),
    ['one'],
    'an older snapshot stays as it was',
  );
  await eventually(async () => (await stage.kept()) === 0);
});

test('the snapshot of a store has the lost messages, the resets and the close reason', async (t) => {
  const stage = await ClientStage.start(t, { context: { msgMaxLength: 2 } });
  await stage.kit.poll(stage.session.token, { reader: 'tab', after: '' });
  await stage.push('one', 'two', 'three');
  const behind = mailboxStore(stage.connect({ reader: 'tab' }));
  const stranger = mailboxStore(stage.connect({ reader: 'other', after: 'other.9.1' }));
  for (const { subscribe } of [behind, stranger]) subscribe(() => {});
  await eventually(() => dataOf(behind).length === 2 && dataOf(stranger).length === 2);
  t.like(behind.getSnapshot(), { lost: 1, resets: 0 });
  t.like(stranger.getSnapshot(), { resets: 1 });
  await eventually(() => stage.kit.room.held === 2);
  await stage.session.close('revoked');
  await eventually(() => behind.getSnapshot().closed?.code === 'revoked');
  t.is(behind.getSnapshot().state, 'closed');
});

test('messages that arrive while the store has no listener stay unacknowledged until the next listener', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const store = mailboxStore(mailbox);
  const end = store.subscribe(() => {});
  await stage.push('one');
  await eventually(() => dataOf(store).length === 1 && stage.kit.room.held === 1);
  end();
  await stage.push('two');
  // An immediate next poll would have reached the server before these requests.
  for (let requests = 0; requests < 5; requests += 1) await stage.kit.request('/nothing');
  t.is(stage.kit.room.held, 0);
  t.deepEqual(dataOf(store), ['one']);
  t.is(await stage.kept(), 1);
  store.subscribe(() => {});
  await eventually(async () => (await stage.kept()) === 0);
  t.deepEqual(dataOf(store), ['one', 'two']);
});

test('a listener that subscribes while the loop of the previous listener ends gets the message', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const iterate = mailbox[Symbol.asyncIterator].bind(mailbox);
  let onLeave = () => {};
  mailbox[Symbol.asyncIterator] = () => {
    const loop = iterate();
    const leave = loop.return?.bind(loop);
    loop.return = async () => {
      onLeave();
      return leave === undefined ? { done: true, value: undefined } : leave();
    };
    return loop;
  };
  const store = mailboxStore(mailbox);
  const end = store.subscribe(() => {});
  await eventually(() => stage.kit.room.held === 1);
  end();
  onLeave = () => void store.subscribe(() => {});
  await stage.push('one');
  await eventually(() => dataOf(store).length === 1);
  t.deepEqual(dataOf(store), ['one']);
});

test.serial(
  'an exception of a listener is reported, and affects neither the other listeners nor the loop',
  async (t) => {
    const stage = await ClientStage.start(t);
    const mailbox = stage.connect();
    await next(mailbox, 'open');
    const store = mailboxStore(mailbox);
    const failure = new Error('not shown');
    const before = process.listeners('uncaughtException');
    const reported: unknown[] = [];
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => reported.push(error));
    t.teardown(() => {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    });
    const end = store.subscribe(() => {
      throw failure;
    });
    let calls = 0;
    store.subscribe(() => {
      calls += 1;
    });
    await stage.push('one', 'two');
    await eventually(async () => calls === 2 && (await stage.kept()) === 0);
    end();
    t.deepEqual(reported, [failure, failure]);
    t.deepEqual(dataOf(store), ['one', 'two']);
  },
);

test('a listener may subscribe to the store of a mailbox that has ended', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  const store = mailboxStore(mailbox);
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  process.prependListener('uncaughtException', onError);
  t.teardown(() => process.off('uncaughtException', onError));
  const end = store.subscribe(() => {});
  mailbox.close();
  await settle();
  end();
  store.subscribe(() => {});
  await settle();
  t.deepEqual(errors, []);
  t.is(store.getSnapshot().state, 'closed');
});

test('anything but a mailbox is refused, with what was given instead', (t) => {
  const untyped: (...args: readonly unknown[]) => unknown = (...args) => Reflect.apply(mailboxStore, undefined, args);
  for (const value of [undefined, null, 'text', {}, Promise.resolve()]) {
    const message = `mailbox must be a MailboxClient, as connect returns it; got ${value}`;
    t.throws(() => untyped(value), { instanceOf: TypeError, message });
  }
});

test('a limit that is not a whole number of at least 1 is refused', async (t) => {
  const stage = await ClientStage.start(t);
  const mailbox = stage.connect();
  for (const limit of [0, -1, 1.5, Number.NaN]) {
    t.throws(() => mailboxStore(mailbox, { limit }), { instanceOf: RangeError, message: new RegExp(`got ${limit}`) });
  }
  await stage.push('one');
  t.deepEqual(await take(mailbox, 1), ['one'], 'the mailbox is of use to a loop');
});
