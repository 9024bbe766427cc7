import test from 'ava';
import fc from 'fast-check';
import { type Batch, encodeBatch, Message } from '../../src/index.js';

function messageOf(offset: number, data: unknown): Message {
  const json = JSON.stringify(data);
  return new Message(offset, 1_763_649_000_000, { json, bytes: Buffer.byteLength(json), key: undefined });
}

test('a batch is encoded as the design shows it', (t) => {
  const batch: Batch = { messages: [messageOf(13, { text: 'hi' })], cursor: 'k3f9.13', lost: 0 };
  const text = '{"messages":[{"offset":13,"at":1763649000000,"data":{"text":"hi"}}],"cursor":"k3f9.13","lost":0}';
  t.is(encodeBatch(batch), text);
});

test('an empty batch says no more than it must', (t) => {
  t.is(encodeBatch({ messages: [], cursor: 'k3f9.0', lost: 0 }), '{"messages":[],"cursor":"k3f9.0","lost":0}');
});

test('a batch with everything to say says it', (t) => {
  const batch: Batch = {
    messages: [],
    cursor: 'k3f9.1',
    lost: 2,
    reset: true,
    superseded: true,
    retry: 1_234,
    closed: { code: 'revoked', reason: 'a "quoted" reason', reconnect: false },
  };
  t.deepEqual(JSON.parse(encodeBatch(batch)), batch);
});

test('a retry of 0 is said', (t) => {
  t.is(JSON.parse(encodeBatch({ messages: [], cursor: 'k3f9.0', lost: 0, retry: 0 })).retry, 0);
});

test('the encoded batch is what JSON.stringify makes of it, whatever the data', (t) => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.nat(), fc.nat(), (values, first, lost) => {
      const messages = values.map((data, index) => messageOf(first + index, data));
      const batch: Batch = { messages, cursor: `abc.${first}`, lost };
      t.is(encodeBatch(batch), JSON.stringify(batch));
    }),
  );
});
