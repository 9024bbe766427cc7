import { createServer, type Server, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { Redis } from 'ioredis';
import { Replicas } from '../../../../src/stores/redis/replicas.js';
import { RespRequests } from '../../../support/resp-requests.js';
import { serverFor } from '../places.js';
import { openStore, refusalOf } from './replicated-stage.js';

const server = serverFor(test);
const fsync = { count: 2, timeout: 1_000, fsync: true };

/** A server that answers `WAITAOF`, which the installed Redis may not know, and records the requests. */
class FakeServer {
  readonly requests: string[] = [];
  readonly client: Redis;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number, reply: string) {
    this.#server = server;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      const requests = new RespRequests();
      socket.on('data', (bytes) => {
        for (const parts of requests.take(bytes)) {
          const text = parts.join(' ');
          if (!text.startsWith('WAITAOF')) socket.write('+OK\r\n');
          else {
            this.requests.push(text);
            socket.write(reply);
          }
        }
      });
    });
    this.client = new Redis(port, '127.0.0.1', { enableReadyCheck: false });
  }

  static async start(t: ExecutionContext, reply: string): Promise<FakeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const fake = new FakeServer(server, typeof address === 'object' && address !== null ? address.port : 0, reply);
    t.teardown(() => fake.#stop());
    return fake;
  }

  async #stop(): Promise<void> {
    this.client.disconnect();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

test('with fsync, the store requires that the server and the replicas have synced', async (t) => {
  const { client, requests } = await FakeServer.start(t, '*2\r\n:1\r\n:2\r\n');
  await t.notThrowsAsync(new Replicas(fsync).wait(client));
  t.deepEqual(requests, ['WAITAOF 1 2 1000']);
});

test('the error says whether the server or a replica has not synced', async (t) => {
  const rule = new Replicas(fsync);
  const few = await refusalOf(rule.wait((await FakeServer.start(t, '*2\r\n:1\r\n:1\r\n')).client));
  t.deepEqual(few.details, { unsure: true, replicas: { needed: 2, reached: 1 } });
  t.regex(few.message, /1 of 2 replicas had synced it within 1000 ms/);
  const unsynced = await refusalOf(rule.wait((await FakeServer.start(t, '*2\r\n:0\r\n:2\r\n')).client));
  t.deepEqual(unsynced.details, { unsure: true, replicas: { needed: 2, reached: 2 } });
  t.regex(unsynced.message, /the server did not sync it to its append-only file/);
});

test('a server without an append-only file is refused at the start with the server’s own message', async (t) => {
  const words = 'WAITAOF cannot be used when numlocal is set but appendonly is disabled.';
  const { client } = await FakeServer.start(t, `-ERR ${words}\r\n`);
  t.true((await refusalOf(new Replicas(fsync).requireSupport(client))).message.includes(words));
});

test('a server without WAITAOF is refused at the start, and the error names the version that has it', async (t) => {
  const { client, url } = server();
  const [, version = '0'] = /^redis_version:(\d+\.\d+)/m.exec(await client.info('server')) ?? [];
  const opening = openStore(t, { url, replicas: fsync });
  const { message } = await refusalOf(opening);
  // A newer server knows the command, but has no append-only file here.
  t.regex(
    message,
    Number(version) < 7.2 ? /replicas\.fsync needs WAITAOF, which Redis has since version 7\.2/ : /appendonly/,
  );
});
