import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { RedisStoreOptions } from './redis-options.js';
import { storeUnavailable } from './unavailable.js';

/**
 * Options of the connections that the store makes itself. While the server is down, the client does not queue commands,
 * so that callers immediately get an error. It never resends a command, because that could deliver a push twice.
 */
const ownConnection = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  commandTimeout: 5_000,
  replyMapping: 'legacy',
} as const;

/** Returns a delay that is partly random, so that the nodes of a fleet don't all reconnect at the same moment. */
function retryDelay(attempt: number): number {
  return Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
}

/**
 * Makes a separate client for the store. It is not connected yet.
 * @throws SessionError `STORE_UNAVAILABLE` when ioredis is not installed
 */
export async function makeClient({ url, redis, cluster }: RedisStoreOptions): Promise<Redis | Cluster> {
  const ioredis = await importIoredis();
  if (cluster !== undefined) {
    return new ioredis.Cluster([...cluster.nodes], {
      enableOfflineQueue: false,
      lazyConnect: true,
      // The old master may have carried out a command whose connection broke: never resend it to the new master.
      retryDelayOnFailover: 0,
      clusterRetryStrategy: retryDelay,
      ...cluster.options,
      // The reply decoders of this store need this form of the replies.
      redisOptions: { ...ownConnection, ...cluster.options?.redisOptions, replyMapping: 'legacy' },
    });
  }
  const options = {
    ...ownConnection,
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: retryDelay,
    ...redis,
    replyMapping: 'legacy',
  } satisfies RedisOptions;
  return url === undefined ? new ioredis.Redis(options) : new ioredis.Redis(url, options);
}

/**
 * Makes another separate client, for calls that wait for replicas. The store needs it even if the application passed a
 * client.
 * @param waitMs milliseconds for which the server may wait for replicas, and for which later calls may wait for the
 * server
 */
export async function makeWritingClient(options: RedisStoreOptions, waitMs: number): Promise<Redis | Cluster> {
  const { client, url, redis, cluster } = options;
  if (client !== undefined) return duplicateForWriting(client, waitMs);
  const patient = (given: RedisOptions = {}) => withPatience({ ...ownConnection, ...given }, waitMs);
  if (cluster !== undefined) {
    const { nodes, options: given } = cluster;
    return makeClient({ cluster: { nodes, options: { ...given, redisOptions: patient(given?.redisOptions) } } });
  }
  return makeClient({ redis: patient(redis), ...(url !== undefined && { url }) });
}

/** Duplicates the application's client, with the options that the store needs: the application may have set others. */
function duplicateForWriting(client: Redis | Cluster, waitMs: number): Redis | Cluster {
  const own = withPatience(ownConnection, waitMs);
  if (!isCluster(client)) {
    return client.duplicate({ ...own, lazyConnect: true, enableOfflineQueue: false, retryStrategy: retryDelay });
  }
  return client.duplicate([], {
    enableOfflineQueue: false,
    lazyConnect: true,
    retryDelayOnFailover: 0,
    clusterRetryStrategy: retryDelay,
    redisOptions: { ...client.options.redisOptions, ...own },
  });
}

function withPatience<Options extends Pick<RedisOptions, 'commandTimeout'>>(options: Options, waitMs: number) {
  const { commandTimeout = ownConnection.commandTimeout } = options;
  // With automatic pipelines, ioredis might send `WAIT` before the calls whose writes it waits for.
  return { ...options, commandTimeout: commandTimeout + waitMs, enableAutoPipelining: false };
}

/**
 * Imports ioredis when a store opens. A failed import at the top of this module could not report what to do about it.
 */
async function importIoredis(): Promise<Pick<typeof import('ioredis'), 'Redis' | 'Cluster'>> {
  try {
    return await import('ioredis');
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    throw storeUnavailable(
      isMissing ? 'The package ioredis is not installed; run: npm install ioredis' : `ioredis does not load: ${error}`,
      error,
    );
  }
}

export function isCluster(client: Redis | Cluster): client is Cluster {
  // `instanceof` would fail for a client of another copy of the library.
  return client.isCluster;
}

/** Milliseconds to wait for a connecting client when a store opens. */
const startTimeMs = 10_000;

/**
 * Resolves when the client is ready. The promise that `connect` returns is not enough: when the first attempt to reach
 * a Cluster fails, the library tries again, but this promise stays pending.
 * @param signal ends the wait with an error
 */
export async function becomeReady(
  client: Redis | Cluster,
  signal?: AbortSignal,
  timeMs: number = startTimeMs,
): Promise<void> {
  if (signal?.aborted) throw storeUnavailable('The connection is closed');
  if (client.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      client.off('ready', ready);
      client.off('end', ended);
      signal?.removeEventListener('abort', ended);
      act();
    };
    const ready = () => settle(resolve);
    const ended = () => settle(() => reject(storeUnavailable('The connection is closed')));
    const late = () => settle(() => reject(storeUnavailable(`It was not ready within ${timeMs} ms`)));
    const timer = setTimeout(late, timeMs);
    client.on('ready', ready);
    client.on('end', ended);
    signal?.addEventListener('abort', ended);
    if (client.status === 'wait') client.connect().then(ready, (error) => settle(() => reject(error)));
  });
}

/** States in which a client has no connection, so that `disconnect` emits no `end`. */
const unconnected: ReadonlySet<string> = new Set(['wait', 'reconnecting', 'close', 'end']);
/** Milliseconds to wait for a connection to close. */
const closeTimeMs = 2_000;

/** Resolves when the connection is closed, or after `closeTimeMs`: in some states the library emits no `end`. */
export async function disconnect(client: Redis | Cluster): Promise<void> {
  if (unconnected.has(client.status)) {
    client.disconnect();
    return;
  }
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, closeTimeMs);
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  client.disconnect();
  await ended;
}
