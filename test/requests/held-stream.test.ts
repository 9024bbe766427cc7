import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { FetchStream } from '../../src/fetch/fetch-stream.js';
import { type Batch, Message } from '../../src/index.js';
import { HeldStream } from '../../src/requests/held-stream.js';
import { type RawResponse, unsentBytes } from '../../src/requests/raw-response.js';
import { Connection } from '../support/http-client.js';
import { until } from '../support/http-kit.js';
import { Http2Connection } from '../support/http2-client.js';

/** More bytes than the operating system buffers for a client that does not read. */
const bytes = 24_000_000;
const most = 2 * bytes;

function batchOf(json: string): Batch {
  const message = new Message(1, 0, { json, bytes: json.length, key: undefined });
  return { messages: [message], cursor: 'a.1.1', lost: 0 };
}

const huge = batchOf(`"${'x'.repeat(bytes)}"`);

interface OpenedStream {
  readonly raw: RawResponse;
  readonly stream: HeldStream;
  isClosed: boolean;
}

/** Opens a stream over HTTP/1 or HTTP/2. The test can pause and resume the reading of its client. */
async function open(t: ExecutionContext, protocol: 'HTTP/1.1' | 'HTTP/2') {
  let opened: OpenedStream | undefined;
  const hold = (_request: unknown, raw: RawResponse) => {
    const held: OpenedStream = { raw, stream: new HeldStream(raw, most), isClosed: false };
    held.stream.onceClosed(() => {
      held.isClosed = true;
    });
    held.stream.deliver({ messages: [], cursor: 'a.0.0', lost: 0 }, undefined);
    opened = held;
  };
  const server = protocol === 'HTTP/2' ? createHttp2Server(hold) : createServer(hold);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const connected: Promise<Socket[]> = once(server, 'connection');
  const read = protocol === 'HTTP/2' ? readHttp2(t, port) : await readHttp1(t, port);
  t.teardown(() => server.close());
  await until(() => opened !== undefined);
  if (opened === undefined) throw new Error('The stream was not opened');
  const [socket] = await connected;
  if (socket === undefined) throw new Error('No connection was made');
  return { ...read, socket, held: opened };
}

async function readHttp1(t: ExecutionContext, port: number) {
  const connection = await Connection.open(port);
  t.teardown(() => connection.close());
  connection.send('/');
  return {
    pause: () => connection.stopReading(),
    resume: () => connection.resumeReading(),
    close: () => connection.close(),
    received: () => connection.pieces.reduce((sum, size) => sum + size, 0),
  };
}

function readHttp2(t: ExecutionContext, port: number) {
  const connection = new Http2Connection(port);
  t.teardown(() => connection.close());
  let received = 0;
  const stream = connection.send('/').on('data', ({ length }) => {
    received += length;
  });
  const close = () => connection.close();
  return { pause: () => stream.pause(), resume: () => stream.resume(), close, received: () => received };
}

/** Waits until the operating system has taken nothing more for a while. */
async function untilStuck(raw: RawResponse, socket: Socket): Promise<void> {
  let before = '';
  let looks = 0;
  await until(() => {
    const now = `${unsentBytes(raw)} ${socket.bytesWritten}`;
    looks = now === before ? looks + 1 : 0;
    before = now;
    return looks === 50;
  });
}

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
  test(`${protocol}: a client that has read nothing between two heartbeats is cut off`, async (t) => {
    const { held, socket, pause } = await open(t, protocol);
    pause();
    held.stream.deliver(huge, undefined);
    await untilStuck(held.raw, socket);
    held.stream.beat();
    await new Promise((resolve) => setImmediate(resolve));
    t.false(held.isClosed, 'the first heartbeat only looks');
    held.stream.beat();
    await until(() => held.isClosed);
    t.pass();
  });

  test(`${protocol}: a batch that a client has not read before it was cut off is not acknowledged`, async (t) => {
    const { held, socket, pause, close } = await open(t, protocol);
    pause();
    let isAcknowledged = false;
    held.stream.deliver(huge, () => {
      isAcknowledged = true;
    });
    await untilStuck(held.raw, socket);
    held.stream.beat();
    held.stream.beat();
    const closed = once(socket, 'close');
    await close();
    // When the connection has closed, Node has called the callback of every write.
    await closed;
    t.false(isAcknowledged);
  });

  test(`${protocol}: a client that has read everything by the next heartbeat stays connected`, async (t) => {
    const { held, pause, resume } = await open(t, protocol);
    pause();
    held.stream.deliver(batchOf(`"${'x'.repeat(1_000_000)}"`), undefined);
    held.stream.beat();
    resume();
    await until(() => unsentBytes(held.raw) === 0);
    for (let beat = 0; beat < 3; beat += 1) {
      held.stream.beat();
      await until(() => unsentBytes(held.raw) === 0);
    }
    t.false(held.isClosed);
  });
}

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
  test(`${protocol}: a client that reads between two heartbeats stays connected, although more waits for it than before`, async (t) => {
    const { held, socket, pause, resume } = await open(t, protocol);
    pause();
    held.stream.deliver(batchOf(`"${'x'.repeat(1_000_000)}"`), undefined);
    held.stream.beat();
    resume();
    await until(() => unsentBytes(held.raw) === 0);
    pause();
    held.stream.deliver(huge, undefined);
    await untilStuck(held.raw, socket);
    held.stream.beat();
    await new Promise((resolve) => setImmediate(resolve));
    t.false(held.isClosed);
  });

  test(`${protocol}: a client that reads nothing between two heartbeats is cut off, although a batch was sent in between`, async (t) => {
    const { held, socket, pause } = await open(t, protocol);
    pause();
    held.stream.deliver(huge, undefined);
    await untilStuck(held.raw, socket);
    held.stream.beat();
    held.stream.deliver(batchOf('"more"'), undefined);
    held.stream.beat();
    await until(() => held.isClosed);
    t.pass();
  });
}

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
  test(`${protocol}: a client that reads a part of one large message between two heartbeats stays connected`, async (t) => {
    const { held, socket, pause, resume, received } = await open(t, protocol);
    pause();
    held.stream.deliver(huge, undefined);
    await untilStuck(held.raw, socket);
    for (let beat = 0; beat < 3; beat += 1) {
      held.stream.beat();
      t.false(held.isClosed, `at heartbeat ${beat}`);
      const wanted = received() + 4_000_000;
      resume();
      await until(() => received() > wanted);
      pause();
      await untilStuck(held.raw, socket);
    }
  });

  test(`${protocol}: the last event of a stream ends it after everything before, and is acknowledged then`, async (t) => {
    const { held, socket, pause, resume } = await open(t, protocol);
    pause();
    const written: string[] = [];
    held.stream.deliver(huge, () => written.push('first'));
    await untilStuck(held.raw, socket);
    held.stream.deliver({ messages: [], cursor: 'a.1.1', lost: 0, retry: 5 }, () => written.push('last'));
    t.deepEqual(written, []);
    resume();
    await until(() => held.isClosed);
    t.deepEqual(written, ['first', 'last']);
  });
}

test('fetch: a stream of which the server has read something between two heartbeats is not cut off', async (t) => {
  const stream = new FetchStream({}, most);
  let isEnded = false;
  const response = await stream.open((receiver) => {
    receiver.deliver(batchOf('"hi"'), undefined);
    return {
      cancel() {
        isEnded = true;
      },
    };
  }, new AbortController().signal);
  const reader = response.body?.getReader();
  for (let beats = 0; beats < 4; beats += 1) {
    stream.beat();
    t.false(isEnded, `after ${beats} heartbeats`);
    await reader?.read();
    stream.deliver(batchOf(`"${'x'.repeat(1_000)}"`), undefined);
  }
  await reader?.cancel();
});

test('fetch: a stream whose server reads a part of one large message between two heartbeats is not cut off', async (t) => {
  const stream = new FetchStream({}, most);
  let isEnded = false;
  let isTaken = false;
  const response = await stream.open((receiver) => {
    receiver.deliver(batchOf(`"${'x'.repeat(100_000)}"`), () => {
      isTaken = true;
    });
    return {
      cancel() {
        isEnded = true;
      },
    };
  }, new AbortController().signal);
  const reader = response.body?.getReader();
  for (let beats = 0; beats < 4; beats += 1) {
    stream.beat();
    t.false(isEnded, `after ${beats} heartbeats`);
    await reader?.read();
    t.false(isTaken);
  }
  await reader?.cancel();
});

test('fetch: a stream from which the server has read nothing between two heartbeats is cut off', async (t) => {
  const stream = new FetchStream({}, most);
  let isEnded = false;
  const response = await stream.open((receiver) => {
    receiver.deliver(batchOf('"hi"'), undefined);
    return {
      cancel() {
        isEnded = true;
      },
    };
  }, new AbortController().signal);
  stream.beat();
  t.false(isEnded);
  stream.beat();
  t.true(isEnded);
  await t.throwsAsync(response.text(), { message: /does not take what it is sent/ });
});

for (const protocol of ['HTTP/1.1', 'HTTP/2'] as const) {
  test(`${protocol}: a batch is acknowledged once it was written out, also if a middleware passes on no callback`, async (t) => {
    let acknowledged = 0;
    const hold = (_request: unknown, raw: RawResponse) => {
      const { write } = raw;
      // Like `compression` for a response that it does not compress.
      raw.write = (text: string | Uint8Array, encoding?: unknown) => Reflect.apply(write, raw, [text, encoding]);
      new HeldStream(raw, most).deliver(batchOf('"hi"'), () => {
        acknowledged += 1;
      });
    };
    const server = protocol === 'HTTP/2' ? createHttp2Server(hold) : createServer(hold);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const client = protocol === 'HTTP/2' ? readHttp2(t, port) : await readHttp1(t, port);
    t.teardown(() => server.close());
    await until(() => acknowledged > 0);
    t.is(acknowledged, 1);
    client.close();
  });
}

test('a middleware that encodes the body of a stream receives its texts', async (t) => {
  const texts: string[] = [];
  const server = createServer((_request, raw) => {
    const { write } = raw;
    raw.setHeader('Content-Encoding', 'x-upper');
    raw.write = (text: string | Uint8Array, ...rest: unknown[]) => {
      texts.push(String(text));
      return Reflect.apply(write, raw, [String(text).toUpperCase(), ...rest]);
    };
    new HeldStream(raw, most).deliver(batchOf('"hi"'), undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = await readHttp1(t, (server.address() as AddressInfo).port);
  t.teardown(() => server.close());
  await until(() => texts.length > 0);
  t.regex(texts.join(''), /"hi"/);
  client.close();
});
