import test from 'ava';
import { Mailbox, type MailboxBounds } from '../../src/mailbox/mailbox.js';
import type { OutgoingMessage } from '../../src/mailbox/message.js';

const roomy: MailboxBounds = {
  msgMaxLength: 100,
  mailboxMaxBytes: 10_000,
  messageTtl: 0,
  onOverflow: 'drop-oldest',
  maxReader: 8,
  readerGrace: 1_000,
};

function text(json: string, key?: string): OutgoingMessage {
  return { json, bytes: Buffer.byteLength(json), key };
}

function fill(mailbox: Mailbox, count: number, bounds = roomy): void {
  for (let each = 0; each < count; each += 1) mailbox.append(text(String(each)), 0, bounds);
}

function jsonOf({ messages }: Pick<Mailbox, 'messages'>): readonly string[] {
  return messages.map(({ json }) => json);
}

test('a new mailbox is empty, at offset 0, and has a new epoch', (t) => {
  const mailbox = new Mailbox();
  t.deepEqual([mailbox.tail, mailbox.messages], [0, []]);
  t.not(mailbox.epoch, new Mailbox().epoch);
});

test('mailboxes that are empty or became empty share no message', (t) => {
  const mailboxes = ['new', 'read', 'replaced', 'cleared'].map(() => new Mailbox());
  const [, read, replaced, cleared] = mailboxes;
  for (const mailbox of [read, cleared]) mailbox?.append(text('1'), 0, roomy);
  for (const json of ['1', '2']) replaced?.append(text(json, 'key'), 0, roomy);
  for (const mailbox of [read, replaced]) {
    const { offset, proof } = mailbox?.read('r', '', 9, 1, roomy) ?? { offset: 0, proof: 0 };
    mailbox?.acknowledge('r', { epoch: mailbox.epoch, offset, proof }, 1, roomy);
  }
  cleared?.clear();
  t.deepEqual(mailboxes.map(jsonOf), [[], [], [], []]);
  for (const [index, mailbox] of mailboxes.entries()) mailbox.append(text(`"${index}"`), 2, roomy);
  t.deepEqual(mailboxes.map(jsonOf), [['"0"'], ['"1"'], ['"2"'], ['"3"']]);
});

test('append returns the retained message: at the next offset, with the given time', (t) => {
  const mailbox = new Mailbox();
  for (const offset of [1, 2, 3]) {
    const { verdict, dropped, message } = mailbox.append(text(`${offset}`), offset * 10, roomy);
    t.deepEqual([verdict, dropped, message?.offset, message?.at], ['accepted', 0, offset, offset * 10]);
    t.is(message, mailbox.messages.at(-1));
    t.is(mailbox.tail, offset);
  }
});

test('append also returns the retained message when other messages were dropped to make room', (t) => {
  const bounds = { ...roomy, msgMaxLength: 1 };
  const mailbox = new Mailbox();
  fill(mailbox, 1, bounds);
  const { verdict, dropped, message } = mailbox.append(text('new'), 1, bounds);
  t.deepEqual([verdict, dropped, message?.json], ['accepted', 1, 'new']);
  t.is(message, mailbox.messages[0]);
});

test('under drop-newest the new message gets an offset but is not retained', (t) => {
  const bounds = { ...roomy, msgMaxLength: 1, onOverflow: 'drop-newest' } as const;
  const mailbox = new Mailbox();
  fill(mailbox, 1, bounds);
  t.deepEqual(mailbox.append(text('new'), 1, bounds), { verdict: 'dropped', dropped: 1, message: undefined });
  t.deepEqual([mailbox.tail, jsonOf(mailbox)], [2, ['0']]);
});

for (const onOverflow of ['reject', 'close'] as const) {
  test(`an append to a full mailbox changes nothing under ${onOverflow}`, (t) => {
    const bounds = { ...roomy, onOverflow, msgMaxLength: 2 };
    const mailbox = new Mailbox();
    fill(mailbox, 2, bounds);
    const before = structuredClone(mailbox.state.messages);
    const verdict = onOverflow === 'reject' ? 'full' : 'close';
    t.deepEqual(mailbox.append(text('late'), 1, bounds), { verdict, dropped: 0, message: undefined });
    t.deepEqual([structuredClone(mailbox.state.messages), mailbox.tail], [before, 2]);
  });
}

test('bytes are counted exactly when messages are dropped, replaced, taken and expire', (t) => {
  const bounds = { ...roomy, mailboxMaxBytes: 10, messageTtl: 50, onOverflow: 'reject' } as const;
  const mailbox = new Mailbox();
  const fits = (json: string, now: number, key?: string) => mailbox.append(text(json, key), now, bounds).verdict;
  t.is(fits('1234', 0, 'k'), 'accepted');
  t.is(fits('12345678', 0, 'k'), 'accepted', 'replaced: 8 of 10');
  t.is(fits('12', 0), 'accepted');
  t.is(fits('1', 0), 'full');
  t.is(fits('1234567890', 50), 'accepted', 'both aged');
  t.is(fits('1', 50), 'full');
  mailbox.read('r', undefined, 10, 50, bounds);
  mailbox.acknowledge('r', { epoch: mailbox.epoch, offset: 4, proof: 50 }, 50, bounds);
  t.is(fits('1234567890', 50), 'accepted', 'taken');
});

test('a full mailbox accepts a message that replaces another one in it', (t) => {
  const bounds = { ...roomy, msgMaxLength: 2, onOverflow: 'reject' } as const;
  const mailbox = new Mailbox();
  mailbox.append(text('old', 'k'), 0, bounds);
  fill(mailbox, 1, bounds);
  t.is(mailbox.append(text('new', 'k'), 0, bounds).verdict, 'accepted');
  t.is(mailbox.append(text('late'), 0, bounds).verdict, 'full');
  t.deepEqual(jsonOf(mailbox), ['0', 'new']);
});

test('a message of exactly mailboxMaxBytes fits alone', (t) => {
  const bounds = { ...roomy, mailboxMaxBytes: 4 };
  const mailbox = new Mailbox();
  fill(mailbox, 3, bounds);
  t.is(mailbox.append(text('1234'), 0, bounds).dropped, 3);
  t.deepEqual(jsonOf(mailbox), ['1234']);
});

test('a keyed message is replaced in the middle of the mailbox, and does not count as lost', (t) => {
  const mailbox = new Mailbox();
  mailbox.append(text('a'), 0, roomy);
  mailbox.append(text('old', 'k'), 0, roomy);
  mailbox.append(text('b'), 0, roomy);
  mailbox.append(text('new', 'k'), 0, roomy);
  const { messages, lost, offset } = mailbox.read('r', '', 10, 0, roomy);
  t.deepEqual([jsonOf({ messages }), lost, offset], [['a', 'b', 'new'], 0, 4]);
});

test('a new message replaces nothing when the older one with its key was dropped, taken or has expired', (t) => {
  const bounds = { ...roomy, msgMaxLength: 2, messageTtl: 10 };
  const mailbox = new Mailbox();
  mailbox.append(text('1', 'k'), 0, bounds);
  mailbox.append(text('2'), 0, bounds);
  mailbox.append(text('3'), 0, bounds);
  mailbox.append(text('4', 'k'), 0, bounds);
  t.deepEqual(jsonOf(mailbox), ['3', '4']);
  mailbox.dropAged(10, bounds);
  mailbox.append(text('5', 'k'), 10, bounds);
  t.deepEqual(jsonOf(mailbox), ['5']);
});

test('a message that is older than the one ahead of it expires at its own age', (t) => {
  const bounds = { ...roomy, messageTtl: 10 };
  const mailbox = new Mailbox();
  mailbox.append(text('young'), 5, { ...bounds, messageTtl: 0 });
  mailbox.append(text('old', 'k'), 0, { ...bounds, messageTtl: 0 });
  mailbox.append(text('younger'), 7, { ...bounds, messageTtl: 0 });
  mailbox.dropAged(9, bounds);
  t.is(mailbox.messages.length, 3);
  mailbox.dropAged(10, bounds);
  t.deepEqual(jsonOf(mailbox), ['young', 'younger']);
  mailbox.dropAged(15, bounds);
  t.deepEqual(jsonOf(mailbox), ['younger']);
});

test('a mailbox created from the state of another behaves like it', (t) => {
  const mailbox = new Mailbox();
  fill(mailbox, 3);
  mailbox.append(text('old', 'k'), 0, roomy);
  mailbox.append(text('new', 'k'), 0, roomy);
  mailbox.read('fast', undefined, 10, 0, roomy);
  mailbox.acknowledge('fast', { epoch: mailbox.epoch, offset: 2, proof: 0 }, 0, roomy);
  mailbox.read('slow', { epoch: mailbox.epoch, offset: 1, proof: 0 }, 10, 0, roomy);
  const state = structuredClone({ ...mailbox.state, messages: [] });
  const again = new Mailbox({ ...state, messages: [...mailbox.state.messages] }, 5_000);
  t.deepEqual(again.state, mailbox.state);
  for (const each of [mailbox, again]) {
    each.append(text('newest', 'k'), 5_000, roomy);
    const { messages, lost, offset } = each.read('fast', undefined, 10, 5_000, roomy);
    t.deepEqual([jsonOf({ messages }), lost, offset], [['2', 'newest'], 0, 6]);
  }
});

test('the silence of readers of a restored mailbox starts at the restoration', (t) => {
  const mailbox = new Mailbox();
  fill(mailbox, 2);
  mailbox.read('away', undefined, 10, 0, roomy);
  const again = new Mailbox(mailbox.state, 100_000);
  const after = { epoch: again.epoch, offset: 2, proof: 0 };
  again.read('here', after, 10, 100_999, roomy);
  t.is(again.messages.length, 2, 'kept for the other reader');
  again.read('here', after, 10, 101_000, roomy);
  t.is(again.messages.length, 0);
});

test('the replaced offsets of ten thousand messages with one key are stored as one run', (t) => {
  const mailbox = new Mailbox();
  for (let each = 0; each < 10_000; each += 1) mailbox.append(text(`${each}`, 'k'), 0, roomy);
  t.deepEqual(mailbox.state.replaced, [1, 9_999]);
  const { lost, messages } = mailbox.read('r', '', 10, 0, roomy);
  t.deepEqual([lost, jsonOf({ messages })], [0, ['9999']]);
});

test('a keyed message replaces nothing when making room removed the older message with its key', (t) => {
  const bounds = { ...roomy, mailboxMaxBytes: 10, onOverflow: 'reject' } as const;
  const mailbox = new Mailbox();
  mailbox.append(text('12345'), 0, bounds);
  mailbox.append(text('12', 'k'), 0, bounds);
  mailbox.append(text('123'), 0, bounds);
  mailbox.read('silent', '', 10, 0, bounds);
  mailbox.read('live', { epoch: mailbox.epoch, offset: 2, proof: 0 }, 10, 500, bounds);
  // The first reader has been silent for longer than its grace, and the other one has received the first two messages.
  t.is(mailbox.append(text('54321', 'k'), 1_200, bounds).verdict, 'accepted');
  t.deepEqual(jsonOf(mailbox), ['123', '54321']);
  t.is(mailbox.append(text('12'), 1_200, bounds).verdict, 'accepted', 'and bytes are counted once');
});
