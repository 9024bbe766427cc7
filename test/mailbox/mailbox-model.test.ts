import assert from 'node:assert/strict';
import test from 'ava';
import { Mailbox, type MailboxBounds } from '../../src/mailbox/mailbox.js';
import type { OutgoingMessage } from '../../src/mailbox/message.js';
import fc from '../support/fast-check.js';

/**
 * The knowledge of one client: the offsets that it received, and how many messages were reported to it as lost. It never
 * looks into the mailbox.
 */
class Client {
  readonly name: string;
  epoch = '';
  offset = 0;
  proof = 0;
  /** The received offsets, and the sum of `lost`. */
  readonly got = new Set<number>();
  lost = 0;

  constructor(name: string) {
    this.name = name;
  }
}

const bounds: MailboxBounds = {
  msgMaxLength: 5,
  mailboxMaxBytes: 30,
  messageTtl: 0,
  onOverflow: 'drop-oldest',
  maxReader: 3,
  readerGrace: 10,
};

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      push: fc.constantFrom('1', '22', '12345678'),
      key: fc.constantFrom(undefined, undefined, 'k'),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ poll: fc.nat({ max: 1 }), limit: fc.integer({ min: 1, max: 4 }), hangsUp: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ wait: fc.constantFrom(1, 5, 10) }) },
);

test('clients with cursors receive every retained message in order, and lost counts exactly the rest', (t) => {
  const settings = fc.record({
    onOverflow: fc.constantFrom('drop-oldest', 'drop-newest', 'reject', 'close'),
    messageTtl: fc.constantFrom(0, 12),
  } as const);
  fc.assert(
    fc.property(settings, fc.array(step, { maxLength: 120 }), (setting, steps) => {
      const bound = { ...bounds, ...setting };
      const mailbox = new Mailbox();
      const clients = [new Client('one'), new Client('two')];
      // Both readers are known from the start: for an unknown reader `lost` may be too large.
      for (const client of clients) {
        client.epoch = mailbox.epoch;
        mailbox.read(client.name, { epoch: mailbox.epoch, offset: 0, proof: 0 }, 1, 0, bound);
      }
      /** The offsets that were replaced, and the latest offset of each key. */
      const replaced = new Set<number>();
      const keyed = new Map<string, number>();
      let now = 0;
      for (const each of steps) {
        if ('wait' in each) {
          now += each.wait;
        } else if ('push' in each) {
          const { tail } = mailbox;
          mailbox.dropAged(now, bound);
          const previous = each.key === undefined ? undefined : keyed.get(each.key);
          const isReplaced = previous !== undefined && staysToBeReplaced(previous, each.push.length);
          const { verdict } = mailbox.append(outgoing(each.push, each.key), now, bound);
          const takesPlace = verdict === 'accepted' || verdict === 'dropped';
          assert.equal(mailbox.tail, tail + (takesPlace ? 1 : 0));
          if (verdict === 'accepted' && each.key !== undefined) {
            if (previous !== undefined && isReplaced) replaced.add(previous);
            keyed.set(each.key, mailbox.tail);
          }
        } else {
          poll(clients[each.poll], each.limit, each.hangsUp);
        }
        assert.ok(mailbox.messages.length <= bound.msgMaxLength);
        assert.ok(mailbox.messages.reduce((sum, { bytes }) => sum + bytes, 0) <= bound.mailboxMaxBytes);
      }
      for (const client of clients) while (poll(client, 5, false));

      /** Whether the message is still retained after making room, which removes what all live readers have received. */
      function staysToBeReplaced(offset: number, newBytes: number): boolean {
        const old = mailbox.messages.find((message) => message.offset === offset);
        if (old === undefined) return false;
        const bytes = mailbox.messages.reduce((sum, message) => sum + message.bytes, 0);
        if (bytes - old.bytes + newBytes <= bound.mailboxMaxBytes) return true;
        const live = clients.flatMap(({ name }) => mailbox.reader(name) ?? []).filter(isLive);
        return live.length === 0 || live.some(({ cursor }) => cursor < offset);
      }

      function isLive({ lastPoll }: { readonly lastPoll: number }): boolean {
        return now - lastPoll < bound.readerGrace;
      }

      function poll(client: Client | undefined, limit: number, hangsUp: boolean): boolean {
        if (client === undefined) return false;
        const after = { epoch: client.epoch, offset: client.offset, proof: client.proof };
        const { messages, offset, proof, lost, reset } = mailbox.read(client.name, after, limit, now, bound);
        assert.equal(reset, false);
        const offsets = messages.map((message) => message.offset);
        assert.deepEqual(
          offsets,
          [...offsets].sort((one, other) => one - other),
        );
        assert.ok((offsets[0] ?? client.offset + 1) > client.offset);
        if (hangsUp) return false;
        const passed = Array.from({ length: offset - client.offset }, (_each, index) => client.offset + 1 + index);
        const missing = passed.filter((place) => !offsets.includes(place) && !replaced.has(place));
        assert.equal(lost, missing.length);
        const progressed = offset > client.offset;
        client.offset = offset;
        client.proof = proof;
        for (const place of offsets) client.got.add(place);
        client.lost += lost;
        return progressed;
      }

      for (const client of clients) {
        const places = Array.from({ length: mailbox.tail }, (_each, index) => index + 1);
        const unaccounted = places.filter((place) => !client.got.has(place) && !replaced.has(place));
        assert.equal(client.lost, unaccounted.length, 'every missing message was counted as lost');
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('a client that reads within its grace loses only what bounds dropped', (t) => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2 }), { maxLength: 200 }), (turns) => {
      const bound = { ...bounds, msgMaxLength: 1_000, mailboxMaxBytes: 100_000 };
      const mailbox = new Mailbox();
      const offsets = [0, 0];
      for (const turn of [0, 1]) mailbox.read(`reader-${turn}`, '', 1, 0, bound);
      let pushed = 0;
      for (const [index, turn] of turns.entries()) {
        if (turn === 2) {
          mailbox.append(outgoing(String(pushed)), 0, bound);
          pushed += 1;
          continue;
        }
        const from = offsets[turn] ?? 0;
        // Every third batch is not acknowledged, but read again.
        const read = mailbox.read(`reader-${turn}`, { epoch: mailbox.epoch, offset: from, proof: 0 }, 3, 0, bound);
        assert.equal(read.lost, 0);
        assert.deepEqual(
          read.messages.map(({ json }) => Number(json)),
          Array.from({ length: read.messages.length }, (_each, index) => from + index),
        );
        if (index % 3 !== 0) offsets[turn] = read.offset;
      }
      assert.equal(mailbox.tail, pushed);
    }),
  );
  t.pass();
});

function outgoing(json: string, key?: string): OutgoingMessage {
  return { json, bytes: Buffer.byteLength(json), key };
}
