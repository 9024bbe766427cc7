import test from 'ava';
import { type Batch, Message } from '../../src/index.js';
import { encodeBatch } from '../../src/requests/batch-encoding.js';
import fc from '../support/fast-check.js';

function messageOf(offset: number, data: unknown): Message {
  const json = JSON.stringify(data);
  return new Message(offset, 1_763_649_000_000, { json, bytes: Buffer.byteLength(json), key: undefined });
}

test('a batch is encoded in the documented format', (t) => {
  const batch: Batch = { messages: [messageOf(13, { text: 'hi' })], cursor: 'k3f9.13', lost: 0 };
  const text = '{"messages":[{"offset":13,"at":1763649000000,"data":{"text":"hi"}}],"cursor":"k3f9.13","lost":0}';
  t.is(encodeBatch(batch), text);
});

test('an empty batch has no optional member in its JSON', (t) => {
  t.is(encodeBatch({ messages: [], cursor: 'k3f9.0', lost: 0 }), '{"messages":[],"cursor":"k3f9.0","lost":0}');
});

test('a batch with all optional members has all of them in its JSON', (t) => {
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

test('a retry of 0 is encoded', (t) => {
  t.is(JSON.parse(encodeBatch({ messages: [], cursor: 'k3f9.0', lost: 0, retry: 0 })).retry, 0);
});

test('the encoded batch equals its JSON.stringify for any data', (t) => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue(), { maxLength: 5 }), fc.nat(), fc.nat(), (values, first, lost) => {
      const messages = values.map((data, index) => messageOf(first + index, data));
      const batch: Batch = { messages, cursor: `abc.${first}`, lost };
      t.is(encodeBatch(batch), JSON.stringify(batch));
    }),
  );
});
