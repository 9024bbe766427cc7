import test from 'ava';
import type { Cursor } from '../../src/mailbox/cursor.js';
import { Mailbox, type MailboxBounds } from '../../src/mailbox/mailbox.js';

const bounds: MailboxBounds = {
  msgMaxLength: 100,
  mailboxMaxBytes: 10_000,
  messageTtl: 0,
  onOverflow: 'drop-oldest',
  maxReader: 2,
  readerGrace: 1_000,
};

function mailboxOf(...texts: readonly string[]): Mailbox {
  const mailbox = new Mailbox();
  for (const json of texts) mailbox.append({ json, bytes: json.length, key: undefined }, 1, bounds);
  return mailbox;
}

/** Returns a cursor at the offset. All messages of `mailboxOf` were accepted at time 1. */
function at(mailbox: Mailbox, offset: number): Cursor {
  return { epoch: mailbox.epoch, offset, proof: 1 };
}

function park(mailbox: Mailbox, name: string): void {
  const reader = mailbox.reader(name);
  if (reader === undefined) throw new Error(`there is no reader ${name}`);
  reader.parkedUntil = Number.POSITIVE_INFINITY;
}

test('a cursor of another epoch gets all retained messages, with reset', (t) => {
  const mailbox = mailboxOf('1', '2');
  const { messages, reset, lost, offset } = mailbox.read('r', { epoch: 'other', offset: 1, proof: 1 }, 10, 0, bounds);
  t.deepEqual([messages.length, reset, lost, offset], [2, true, 0, 2]);
});

test('a cursor beyond the tail gets all retained messages, with reset, and one at the tail gets none', (t) => {
  const mailbox = mailboxOf('1', '2');
  const beyond = mailbox.read('r', at(mailbox, 3), 10, 0, bounds);
  t.deepEqual([beyond.messages.length, beyond.reset, beyond.offset], [2, true, 2]);
  const tail = mailbox.read('r', at(mailbox, 2), 10, 0, bounds);
  t.deepEqual([tail.messages.length, tail.reset], [0, false]);
});

test('a reader may go back to an older cursor', (t) => {
  const mailbox = mailboxOf('1', '2');
  mailbox.read('other', at(mailbox, 0), 10, 0, bounds);
  mailbox.read('r', at(mailbox, 2), 10, 0, bounds);
  mailbox.read('r', at(mailbox, 1), 10, 0, bounds);
  t.is(mailbox.reader('r')?.cursor, 1);
  t.deepEqual(
    mailbox.read('r', undefined, 10, 0, bounds).messages.map(({ json }) => json),
    ['2'],
  );
});

test('maxReader readers are kept, and one more evicts the reader that was silent for longest', (t) => {
  const mailbox = mailboxOf();
  t.is(mailbox.read('one', '', 10, 0, bounds).droppedReader, undefined);
  t.is(mailbox.read('two', '', 10, 1, bounds).droppedReader, undefined);
  t.is(mailbox.read('one', '', 10, 2, bounds).droppedReader, undefined);
  t.is(mailbox.read('three', '', 10, 3, bounds).droppedReader?.name, 'two', 'one has polled since');
  t.is(mailbox.reader('two'), undefined);
  t.deepEqual([mailbox.reader('one')?.name, mailbox.reader('three')?.name], ['one', 'three']);
});

test('a parked reader is evicted only when all readers are parked', (t) => {
  const mailbox = mailboxOf();
  mailbox.read('parked', '', 10, 0, bounds);
  park(mailbox, 'parked');
  mailbox.read('polled', '', 10, 5, bounds);
  t.is(mailbox.read('third', '', 10, 6, bounds).droppedReader?.name, 'polled');
  park(mailbox, 'third');
  t.is(mailbox.read('fourth', '', 10, 7, bounds).droppedReader?.name, 'parked');
});

test('a parked reader keeps its messages, no matter how long it is parked', (t) => {
  const mailbox = mailboxOf('1', '2');
  mailbox.read('parked', at(mailbox, 1), 10, 0, bounds);
  park(mailbox, 'parked');
  mailbox.read('other', at(mailbox, 2), 10, 5_000, bounds);
  t.is(mailbox.messages.length, 1);
});

test('a poll ends the silence of a reader', (t) => {
  const mailbox = mailboxOf('1');
  mailbox.read('slow', at(mailbox, 0), 10, 0, bounds);
  mailbox.read('slow', at(mailbox, 0), 10, 900, bounds);
  mailbox.read('fast', at(mailbox, 1), 10, 1_899, bounds);
  t.is(mailbox.messages.length, 1);
  mailbox.read('fast', at(mailbox, 1), 10, 1_900, bounds);
  t.is(mailbox.messages.length, 0);
});

test('an acknowledgement moves its reader forward, within the epoch and up to the tail', (t) => {
  const mailbox = mailboxOf('1', '2', '3');
  mailbox.read('r', undefined, 10, 0, bounds);
  const cursorAfter = (name: string, epoch: string, offset: number) => {
    mailbox.acknowledge(name, { epoch, offset, proof: 1 }, 0, bounds);
    return [mailbox.reader('r')?.cursor, mailbox.messages.length];
  };
  t.deepEqual(cursorAfter('r', 'other', 2), [0, 3], 'another epoch');
  t.deepEqual(cursorAfter('r', mailbox.epoch, 4), [0, 3], 'beyond the tail');
  t.deepEqual(cursorAfter('unknown', mailbox.epoch, 2), [0, 3], 'an unknown reader');
  t.deepEqual(cursorAfter('r', mailbox.epoch, 2), [2, 1]);
  t.deepEqual(cursorAfter('r', mailbox.epoch, 1), [2, 1], 'never back');
  t.deepEqual(cursorAfter('r', mailbox.epoch, 3), [3, 0]);
});

test('a read returns at most limit messages, and the position of the last of them', (t) => {
  const mailbox = mailboxOf('1', '2', '3');
  const first = mailbox.read('r', '', 2, 0, bounds);
  t.deepEqual([first.messages.length, first.offset], [2, 2]);
});

test('a batch with all retained messages also counts what was dropped after the last of them', (t) => {
  const mailbox = mailboxOf('1');
  const full = { ...bounds, msgMaxLength: 1, onOverflow: 'drop-newest' } as const;
  mailbox.append({ json: '2', bytes: 1, key: undefined }, 0, full);
  const { messages, offset, lost } = mailbox.read('r', '', 1, 0, full);
  t.deepEqual([messages.length, offset, lost], [1, 2, 1]);
});
