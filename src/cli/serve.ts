import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { Container } from 'inversify';
import { keyPrefixOf } from '../compat/redis-sessions/class/client-options.js';
import { buildRestServer, restModule } from '../compat/redis-sessions/rest/index.js';
import { memoryStore, SessionManager, type StoreBinding, sessionModule, stopOnSignals } from '../index.js';
import { isLoopbackHost } from '../requests/host-policy.js';
import type { ServeSettings, StoreSettings } from './serve-settings.js';
import type { Terminal } from './terminal.js';

/** Milliseconds for which requests in progress may continue once the service stops. */
const drainTime = 5_000;

/** Serves until SIGTERM, SIGINT or SIGHUP. Resolves once the port is open. */
export async function serve(settings: ServeSettings, { stdout, stderr }: Terminal): Promise<void> {
  const container = new Container();
  const { apiKey, strictStatus, maxSession, store } = settings;
  const hosts = hostsOf(settings);
  container.load(
    sessionModule({ maxSession, drainTime }, await storeOf(store)),
    restModule({
      strictStatus,
      ...(apiKey !== undefined && { apiKey }),
      ...(hosts !== undefined && { hosts: [...hosts] }),
    }),
  );
  const starting = start(container);
  let stopping: Promise<void> | undefined;
  const stopOnce = () => {
    stopping ??= starting.then((app) => stop(container, app));
    return stopping;
  };
  // Listen for signals before anything is awaited: restored sessions are only in memory, and a signal must not lose
  // them.
  stopOnSignals(stopOnce);
  const app = await starting;
  try {
    const { host, port } = settings;
    const url = await app.listen({ host, port });
    stdout.write(`session-mailbox: ${url} (${describe(store)})\n`);
    if (apiKey === undefined && !isLoopbackHost(host)) {
      stderr.write('Everyone who reaches this port can read and end every session: consider --api-key\n');
    }
  } catch (error) {
    await stopOnce();
    throw error;
  }
}

/**
 * Returns the names that requests may have in `Host`; `undefined` for any name. A service without a key is protected
 * only because no other machine can reach it. But a browser on this machine reaches it for any page whose name was made
 * to point here. Therefore only the loopback names, which no page of another site has, are accepted by default.
 */
function hostsOf({ hosts, apiKey, host }: ServeSettings): readonly string[] | undefined {
  return hosts ?? (apiKey === undefined && isLoopbackHost(host) ? [] : undefined);
}

async function storeOf(store: StoreSettings): Promise<StoreBinding> {
  if (store.kind === 'memory') {
    return memoryStore(store.snapshot === undefined ? {} : { snapshot: { path: store.snapshot } });
  }
  if (store.kind === 'sqlite') {
    const { sqliteStore } = await import('../stores/sqlite/index.js');
    return sqliteStore({ path: join(store.folder, 'sessions.db') });
  }
  const { redisStore } = await import('../stores/redis/index.js');
  return redisStore({ url: store.url, keyPrefix: keyPrefixOf(store.namespace) });
}

/**
 * Restores the sessions, then builds the server. If that fails, the store is closed and writes the restored sessions
 * again: they are only in memory.
 */
async function start(container: Container): Promise<FastifyInstance> {
  await container.getAsync(SessionManager);
  try {
    return await buildRestServer(container);
  } catch (error) {
    await container.unbindAllAsync();
    throw error;
  }
}

/**
 * Stops the service. Held polls are answered first, so that the server does not wait for them. The store is closed
 * last.
 */
async function stop(container: Container, app: FastifyInstance): Promise<void> {
  const manager = await container.getAsync(SessionManager);
  await manager.drain();
  const forcedEnd = setTimeout(() => app.server.closeAllConnections(), drainTime);
  await app.close();
  clearTimeout(forcedEnd);
  await container.unbindAllAsync();
}

function describe(store: StoreSettings): string {
  if (store.kind === 'redis') return `sessions in Redis, under ${store.namespace}:`;
  if (store.kind === 'sqlite') return `sessions in ${store.folder}`;
  return store.snapshot === undefined
    ? 'sessions in memory: they end with the process'
    : 'sessions in memory, kept when it stops';
}
