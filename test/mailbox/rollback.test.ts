import test from 'ava';
import { formatCursor, parseCursor } from '../../src/mailbox/cursor.js';
import type { MailboxSnapshot } from '../../src/mailbox/mailbox.js';
import { Mailbox, type MailboxBounds } from '../../src/mailbox/mailbox.js';

const bounds: MailboxBounds = {
  msgMaxLength: 50,
  mailboxMaxBytes: 10_000,
  messageTtl: 0,
  onOverflow: 'drop-oldest',
  maxReader: 8,
  readerGrace: 60_000,
};

function push(mailbox: Mailbox, now: number, ...texts: readonly string[]): void {
  for (const json of texts) mailbox.append({ json, bytes: json.length, key: undefined }, now, bounds);
}

/** Returns the state as a store would keep it. Later changes of the mailbox do not affect it. */
function stateOf(mailbox: Mailbox): MailboxSnapshot {
  return { ...mailbox.state, messages: [...mailbox.messages] };
}

for (const later of [1, 3, 5]) {
  test(`a client at offset 13 receives reset from a mailbox that forgot 11 to 13 and accepted ${later} others`, (t) => {
    const mailbox = new Mailbox();
    push(mailbox, 1_000, ...Array.from({ length: 10 }, (_each, index) => `${index + 1}`));
    mailbox.read('default', '', 50, 1_000, bounds);
    const older = stateOf(mailbox);
    push(mailbox, 1_010, '11', '12', '13');
    const { offset, proof } = mailbox.read('default', '', 50, 1_020, bounds);
    const sent = parseCursor(formatCursor(mailbox.epoch, offset, proof));
    t.is(sent.offset, 13);

    const again = new Mailbox(older, 2_000);
    const others = Array.from({ length: later }, (_each, index) => `"other ${index}"`);
    push(again, 2_000, ...others);
    const { messages, reset, lost } = again.read('default', sent, 50, 2_010, bounds);
    t.deepEqual([reset, lost], [true, 0]);
    t.deepEqual(
      messages.slice(10).map(({ json }) => json),
      others,
    );
  });
}

test('an acknowledgement of forgotten messages removes none of the messages that got their offsets', (t) => {
  const mailbox = new Mailbox();
  push(mailbox, 1_000, '1');
  mailbox.read('default', undefined, 50, 1_000, bounds);
  const older = stateOf(mailbox);
  push(mailbox, 1_010, '2');
  const { offset, proof } = mailbox.read('default', undefined, 50, 1_020, bounds);

  const again = new Mailbox(older, 2_000);
  push(again, 2_000, '"other"');
  again.acknowledge('default', { epoch: again.epoch, offset, proof }, 2_010, bounds);
  t.is(again.messages.length, 2);
});

test('a client receives reset from a mailbox that forgot the replacement of a message before its cursor', (t) => {
  const mailbox = new Mailbox();
  const pushKeyed = (json: string, now: number) => mailbox.append({ json, bytes: json.length, key: 'k' }, now, bounds);
  push(mailbox, 1_000, '1');
  pushKeyed('"old"', 1_000);
  push(mailbox, 1_000, '3');
  const older = stateOf(mailbox);
  pushKeyed('"new"', 1_010);
  // The batch ends before the replacement, and its cursor is after the offset of the replaced message.
  const { messages, offset, proof } = mailbox.read('default', '', 2, 1_020, bounds);
  t.deepEqual([messages.map(({ json }) => json), offset], [['1', '3'], 3]);

  const again = new Mailbox(older, 2_000);
  const batch = again.read('default', { epoch: again.epoch, offset, proof }, 50, 2_010, bounds);
  t.true(batch.reset);
  t.deepEqual(
    batch.messages.map(({ json }) => json),
    ['1', '"old"', '3'],
  );
});
