import test, { type ExecutionContext } from 'ava';
import { SessionContext, SessionError } from '../../../../src/index.js';
import { noListener } from '../../../../src/store/no-listener.js';
import { RedisStore } from '../../../../src/stores/redis/index.js';
import { eventually } from '../../../support/eventually.js';
import { freePorts } from '../../../support/free-port.js';
import { RedisProxy } from '../../../support/redis-proxy.js';
import { RedisServer } from '../../../support/redis-server.js';
import { freshPrefix } from '../exact-clock.js';

/** A server that loads the data of another server, which takes minutes, so that its clients must find that server. */
class LoadingServer {
  readonly store: RedisStore;
  readonly proxy: RedisProxy;
  readonly old: RedisServer;
  readonly fresh: RedisServer;

  private constructor(store: RedisStore, proxy: RedisProxy, old: RedisServer, fresh: RedisServer) {
    this.store = store;
    this.proxy = proxy;
    this.old = old;
    this.fresh = fresh;
  }

  static async start(t: ExecutionContext): Promise<LoadingServer> {
    const [old, fresh] = await Promise.all([
      RedisServer.start({ 'key-load-delay': '50000', 'loading-process-events-interval-bytes': '1024' }),
      RedisServer.start({ 'repl-diskless-sync-delay': '0' }),
    ]);
    t.teardown(() => Promise.all([old.stop(), fresh.stop()]));
    const proxy = await RedisProxy.start(old.port);
    t.teardown(() => proxy.close());
    const store = new RedisStore(new SessionContext(), { url: proxy.url, keyPrefix: freshPrefix(), buckets: 4 });
    await store.open(noListener);
    t.teardown(() => store.close());
    const padding = 'x'.repeat(1_024);
    await fresh.client.mset(Object.fromEntries(Array.from({ length: 4_000 }, (_each, key) => [`key-${key}`, padding])));
    return new LoadingServer(store, proxy, old, fresh);
  }

  /** Resolves when the server is loading. */
  async load(): Promise<void> {
    await this.old.client.replicaof('127.0.0.1', this.fresh.port);
    await eventually(async () => (await this.old.client.info('persistence')).includes('loading:1'), {
      what: 'it is loading',
    });
  }

  /** Resolves when the store has asked a server again whether it is ready. */
  async isAsked(): Promise<void> {
    const count = () => this.proxy.requests.filter(({ command }) => command === 'INFO').length;
    const before = count();
    await eventually(() => count() > before, { what: 'the store has reconnected' });
  }

  /** Returns the message of the error with which `ping` fails, or `undefined` if it succeeds. */
  refusal(): Promise<string | undefined> {
    return this.store.ping().then(
      () => undefined,
      (error) => (SessionError.is(error, 'STORE_UNAVAILABLE') ? error.message : `another error: ${error}`),
    );
  }
}

test('a demoted master that is loading is given up, although its connection stays open', async (t) => {
  const server = await LoadingServer.start(t);
  await server.load();
  const asked = server.isAsked();
  await eventually(async () => (await server.refusal())?.includes('LOADING') === true, { what: 'the store notices' });
  await asked;
  server.proxy.moveTo(server.fresh.port);
  await eventually(async () => (await server.refusal()) === undefined, { what: 'the master is found' });
  t.true((await server.old.client.info('persistence')).includes('loading:1'));
});

test('a server that is still loading when the store reconnects is given up once the address leads elsewhere', async (t) => {
  const server = await LoadingServer.start(t);
  const [closed = 0] = await freePorts(1);
  server.proxy.moveTo(closed);
  server.proxy.breakConnections();
  await server.load();
  const asked = server.isAsked();
  server.proxy.moveTo(server.old.port);
  await asked;
  server.proxy.moveTo(server.fresh.port);
  await eventually(async () => (await server.refusal()) === undefined, { what: 'the master is found' });
  t.true((await server.old.client.info('persistence')).includes('loading:1'));
});
