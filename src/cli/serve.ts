import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { keyPrefixOf } from '../compat/redis-sessions/class/client-options.js';
import { buildRestServer, restModule } from '../compat/redis-sessions/rest/index.js';
import { memoryStore, SessionManager, type StoreBinding, sessionModule, stopOnSignals } from '../index.js';
import type { ServeSettings, StoreSettings } from './serve-settings.js';

/** How long requests under way may take to end once the service stops. Milliseconds. */
const drainTime = 5_000;

/** Serves until a signal comes. */
export async function serve(settings: ServeSettings): Promise<void> {
  const container = new Container();
  const { apiKey, strictStatus, maxSession, store } = settings;
  container.load(
    sessionModule({ maxSession, drainTime }, await storeOf(store)),
    restModule({ strictStatus, ...(apiKey !== undefined && { apiKey }) }),
  );
  const starting = start(container);
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= starting.then((app) => stop(container, app));
    return stopping;
  };
  // Before anything is awaited: what was restored is nowhere but in memory, and a signal must not lose it.
  stopOnSignals(stopOnce);
  const app = await starting;
  try {
    const { host, port } = settings;
    const url = await app.listen({ host, port });
    console.log(`session-mailbox: ${url} (${describe(store)})`);
    if (apiKey === undefined && !isLoopback(host)) {
      console.error('Whoever reaches this port may read and end every session: consider --api-key');
    }
  } catch (error) {
    await stopOnce();
    throw error;
  }
}

async function storeOf(store: StoreSettings): Promise<StoreBinding> {
  if (store.kind === 'memory') {
    return memoryStore(store.snapshot === undefined ? {} : { snapshot: { path: store.snapshot } });
  }
  const { redisStore } = await import('../stores/redis/index.js');
  return redisStore({ url: store.url, keyPrefix: keyPrefixOf(store.namespace) });
}

/** Restores the sessions, then builds the server around them. */
async function start(container: Container): Promise<FastifyInstance> {
  await container.getAsync(SessionManager);
  return buildRestServer(container);
}

/** Held polls are answered first, so that the server has nothing left to wait for; the store comes last. */
async function stop(container: Container, app: FastifyInstance): Promise<void> {
  const manager = await container.getAsync(SessionManager);
  await manager.drain();
  const impatience = setTimeout(() => app.server.closeAllConnections(), drainTime);
  await app.close();
  clearTimeout(impatience);
  await container.unbindAllAsync();
}

function describe(store: StoreSettings): string {
  if (store.kind === 'redis') return `sessions in Redis, under ${store.namespace}:`;
  return store.snapshot === undefined
    ? 'sessions in memory: they end with the process'
    : 'sessions in memory, kept when it stops';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
