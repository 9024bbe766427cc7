import { constants } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { InversifyFastifyHttpAdapter } from '@inversifyjs/http-fastify';
import test, { type ExecutionContext } from 'ava';
import { fastify } from 'fastify';
import { sessionHttpModule } from '../../src/http/index.js';
import type { SessionContextOptions } from '../../src/index.js';
import { until } from '../support/http-kit.js';
import { answerOf, Http2Connection } from '../support/http2-client.js';
import { type Service, startService } from '../support/service.js';

/** Far more than the window of a stream takes. */
const huge = 'x'.repeat(4_000_000);

interface Stage extends Service {
  open(): Http2Connection;
}

async function startHttp2(t: ExecutionContext, context: SessionContextOptions = {}): Promise<Stage> {
  const service = await startService(t, { msgMaxBytes: 8_000_000, mailboxMaxBytes: 64_000_000, ...context });
  service.container.load(sessionHttpModule());
  const app = fastify({ http2: true });
  // By `Reflect`, because the types of the adapter have Fastify over HTTP/1 only.
  const adapter: Pick<InversifyFastifyHttpAdapter, 'build'> = Reflect.construct(InversifyFastifyHttpAdapter, [
    service.container,
    { logger: false },
    app,
  ]);
  await adapter.build();
  await app.listen({ port: 0, host: '127.0.0.1' });
  const connections: Http2Connection[] = [];
  t.teardown(async () => {
    for (const connection of connections) await connection.close();
    await app.close();
  });
  return {
    ...service,
    open: () => {
      const connection = new Http2Connection((app.server.address() as AddressInfo).port);
      connections.push(connection);
      return connection;
    },
  };
}

const bearer = ({ token }: { readonly token: string }) => ({ authorization: `Bearer ${token}` });
const dataIn = (body: string) => JSON.parse(body).messages.map(({ data }: { data: unknown }) => data);

async function undelivered({ manager }: Service, id: string): Promise<number> {
  return (await manager.getSession(id)).undelivered;
}

test('HTTP/2: a draining poll delivers each message once', async (t) => {
  const stage = await startHttp2(t);
  const session = await stage.manager.createSession('alice');
  await stage.manager.push(session.id, 'once');
  const connection = stage.open();
  const first = await connection.get('/poll?wait=0', bearer(session));
  t.is(first.status, 200);
  t.like(first.headers, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  t.deepEqual(dataIn(first.body), ['once']);
  t.deepEqual(dataIn((await connection.get('/poll?wait=0', bearer(session))).body), []);
  t.is(await undelivered(stage, session.id), 0);
});

test('HTTP/2: a poll with a cursor is given the same messages until its cursor passes them', async (t) => {
  const stage = await startHttp2(t);
  const session = await stage.manager.createSession('alice');
  await stage.manager.push(session.id, 1);
  const connection = stage.open();
  for (const path of ['/poll?after=', '/poll?after=']) {
    t.deepEqual(dataIn((await connection.get(path, bearer(session))).body), [1]);
  }
  const { body } = await connection.get('/poll?after=', bearer(session));
  const next = await connection.get(`/poll?wait=0&after=${JSON.parse(body).cursor}`, bearer(session));
  t.deepEqual(dataIn(next.body), []);
});

for (const [kind, path] of [
  ['draining', '/poll'],
  ['with a cursor', '/poll?after='],
] as const) {
  test(`HTTP/2: a held poll (${kind}) is answered by the push, and other requests of its connection before`, async (t) => {
    const stage = await startHttp2(t);
    const session = await stage.manager.createSession('alice');
    const connection = stage.open();
    const answer = connection.get(path, bearer(session));
    await until(() => stage.room.held === 1);
    t.is((await connection.get('/sessions', bearer(session))).status, 200);
    await stage.manager.push(session.id, 'woken');
    t.deepEqual(dataIn((await answer).body), ['woken']);
    t.is(stage.room.held, 0);
  });

  test(`HTTP/2: a held poll (${kind}) is released when its stream is reset, and no message is lost`, async (t) => {
    const stage = await startHttp2(t);
    const session = await stage.manager.createSession('alice');
    const connection = stage.open();
    for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_PROTOCOL_ERROR]) {
      const stream = connection.send(path, bearer(session));
      await until(() => stage.room.held === 1);
      stream.close(code);
      await until(() => stage.room.held === 0);
    }
    await stage.manager.push(session.id, 'not lost');
    t.deepEqual(dataIn((await connection.get(path, bearer(session))).body), ['not lost']);
  });

  test(`HTTP/2: a held poll (${kind}) is released when its connection breaks, and no message is lost`, async (t) => {
    const stage = await startHttp2(t);
    const session = await stage.manager.createSession('alice');
    const broken = stage.open();
    broken.send(path, bearer(session));
    await until(() => stage.room.held === 1);
    broken.cut();
    await until(() => stage.room.held === 0);
    await stage.manager.push(session.id, 'not lost');
    t.deepEqual(dataIn((await stage.open().get(path, bearer(session))).body), ['not lost']);
  });
}

for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_INTERNAL_ERROR]) {
  test(`HTTP/2: a drain whose stream is reset with ${code} in the middle of the answer keeps its messages`, async (t) => {
    const stage = await startHttp2(t);
    const session = await stage.manager.createSession('alice');
    await stage.manager.push(session.id, huge);
    const stream = stage.open().send('/poll', bearer(session));
    // The test does not read the stream, so its window closes before the whole answer was sent.
    await new Promise((resolve) => stream.once('response', resolve));
    stream.close(code);
    // What was not read keeps the window of that connection closed.
    const again = await stage.open().get('/poll?wait=0', bearer(session));
    t.deepEqual(dataIn(again.body), [huge]);
  });
}

test('HTTP/2: a drain is acknowledged only when a client that reads slowly has read it', async (t) => {
  const stage = await startHttp2(t);
  const session = await stage.manager.createSession('alice');
  await stage.manager.push(session.id, huge);
  const stream = stage.open().send('/poll', bearer(session));
  await new Promise((resolve) => stream.once('response', resolve));
  t.is(await undelivered(stage, session.id), 1);
  t.deepEqual(dataIn((await answerBodyOf(stream)).body), [huge]);
  t.is(await undelivered(stage, session.id), 0);
});

/** For a stream whose head was received already. */
async function answerBodyOf(stream: Parameters<typeof answerOf>[0]): Promise<{ readonly body: string }> {
  let body = '';
  for await (const text of stream.setEncoding('utf8')) body += text;
  return { body };
}

test('HTTP/2: refusals are problem documents', async (t) => {
  const stage = await startHttp2(t);
  const answer = await stage.open().get('/poll?wait=0', { authorization: 'Bearer unknown' });
  t.is(answer.status, 401);
  t.is(JSON.parse(answer.body).code, 'SESSION_UNKNOWN');
});

test('HTTP/2: a page of the own origin may poll by cookie, and a page of another site may not', async (t) => {
  const stage = await startHttp2(t);
  const session = await stage.manager.createSession('alice');
  const cookie = `sid=${session.token}`;
  const connection = stage.open();
  const from = (origin: string) =>
    connection.get('/poll?after=&wait=0', { ':authority': 'app.example:8080', cookie, origin });
  t.is((await from('http://app.example:8080')).status, 200);
  t.is((await from('http://evil.example:8080')).status, 403);
});

test('HTTP/2: a stream sends messages as they come, and ack=sent removes what was written out', async (t) => {
  const stage = await startHttp2(t);
  const session = await stage.manager.createSession('alice');
  const stream = stage.open().send('/events?ack=sent', bearer(session));
  let text = '';
  stream.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
  });
  await until(() => text.startsWith('id: '));
  await stage.manager.push(session.id, 'hi');
  await until(() => text.includes('"data":"hi"}\n\n'));
  await removed(stage, session.id);
  stream.close();
  await until(() => stage.room.held === 0);
  t.regex(text, /^id: \S+\n\nid: \S+\ndata: \{"offset":1,"at":\d+,"data":"hi"\}\n\n$/);
});

test('HTTP/2: a stream whose client takes nothing is cut off, and its messages stay', async (t) => {
  const stage = await startHttp2(t, { streamMaxBytes: 100_000 });
  const session = await stage.manager.createSession('alice');
  const stream = stage.open().send('/events?reader=tab', bearer(session));
  await new Promise((resolve) => stream.once('response', resolve));
  stream.pause();
  let pushed = 0;
  for (; stage.room.held > 0 && pushed < 60; pushed += 1) {
    await stage.manager.push(session.id, 'x'.repeat(300_000));
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.is(stage.room.held, 0);
  t.true(pushed > 1);
  t.true((await undelivered(stage, session.id)) > 0);
});

async function removed(stage: Stage, id: string): Promise<void> {
  let left = -1;
  await until(() => {
    void undelivered(stage, id).then((count) => {
      left = count;
    });
    return left === 0;
  });
}
