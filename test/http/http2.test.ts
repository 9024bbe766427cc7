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

/** Far more data than the window of a stream allows. */
const huge = 'x'.repeat(4_000_000);

interface Stage extends Service {
  open(): Http2Connection;
}

async function startHttp2(t: ExecutionContext, context: SessionContextOptions = {}): Promise<Stage> {
  const service = await startService(t, { msgMaxBytes: 8_000_000, mailboxMaxBytes: 64_000_000, ...context });
  service.container.load(sessionHttpModule());
  const app = fastify({ http2: true });
  // Use `Reflect`, because the types of the adapter allow Fastify over HTTP/1 only.
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

for (const [kind, path] of [
  ['draining', '/poll'],
  ['with a cursor', '/poll?after='],
] as const) {
  test(`HTTP/2: a push answers a held poll (${kind}), and other requests of its connection are answered before`, async (t) => {
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
    // Open another connection, because the unread data keeps the window of the first connection closed.
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

/** Reads the body of a stream whose head was received already. */
async function answerBodyOf(stream: Parameters<typeof answerOf>[0]): Promise<{ readonly body: string }> {
  let body = '';
  for await (const text of stream.setEncoding('utf8')) body += text;
  return { body };
}

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
