import test from 'ava';
import { closedNotice } from '../../src/errors/close-reason.js';
import { type Batch, Message } from '../../src/index.js';
import { encodeEvents } from '../../src/requests/event-encoding.js';

const at = 1_763_649_000_000;

function messageOf(offset: number, json: string): Message {
  return new Message(offset, at, { json, bytes: Buffer.byteLength(json), key: undefined });
}

test('each message is an event whose id is the cursor after the message', (t) => {
  const messages = [messageOf(13, '{"text":"hi"}'), messageOf(15, '1')];
  const batch: Batch = { messages, cursor: 'k3f9x0.17.abc', lost: 0 };
  t.is(
    encodeEvents(batch),
    `id: k3f9x0.13.abc\ndata: {"offset":13,"at":${at},"data":{"text":"hi"}}\n\n` +
      `id: k3f9x0.17.abc\ndata: {"offset":15,"at":${at},"data":1}\n\n`,
  );
});

test('lost and reset precede the messages and have no id; a batch without messages is only its cursor', (t) => {
  const batch: Batch = { messages: [], cursor: 'k3f9x0.4.a', lost: 2, reset: true };
  t.is(encodeEvents(batch), 'event: lost\ndata: {"lost":2}\n\nevent: reset\ndata: {}\n\nid: k3f9x0.4.a\n\n');
});

test('a stream ends with retry, or with the event closed', (t) => {
  const batch: Batch = { messages: [], cursor: '', lost: 0 };
  t.is(encodeEvents({ ...batch, retry: 1_234 }), 'retry: 1234\n\n');
  const superseded = encodeEvents({ ...batch, cursor: 'a.1.1', superseded: true });
  t.regex(superseded, /^id: a\.1\.1\n\nevent: closed\ndata: \{"code":"superseded",.*"reconnect":false\}\n\n$/);
  const closed = encodeEvents({ ...batch, cursor: 'a.1.1', closed: closedNotice('logout') });
  t.is(closed, `id: a.1.1\n\nevent: closed\ndata: ${JSON.stringify(closedNotice('logout'))}\n\n`);
});

test('a line break in the text of a message does not begin another field', (t) => {
  for (const json of ['{\n"a":1}', '[\r1\r\n]']) {
    const text = encodeEvents({ messages: [messageOf(1, json)], cursor: 'a.1.1', lost: 0 });
    t.is(text.split(/\r\n|\r|\n/).length, 4, JSON.stringify(json));
    const [, data = ''] = /^data: (.*)$/m.exec(text) ?? [];
    t.deepEqual(JSON.parse(data).data, JSON.parse(json));
  }
});
