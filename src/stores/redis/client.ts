import type { Cluster, Redis, RedisOptions } from 'ioredis';
import type { RedisStoreOptions } from './redis-options.js';
import { storeUnavailable } from './unavailable.js';

/**
 * What this store needs of a connection of its own. While the server is down commands are not queued, so that callers
 * get an error at once; and commands are never resent, because a push would then be delivered twice.
 */
const ownConnection = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  commandTimeout: 5_000,
  replyMapping: 'legacy',
} as const;

/** At random, so that the nodes of a fleet don't all reconnect at the same moment. */
function retryDelay(attempt: number): number {
  return Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
}

/**
 * A client of the store's own, not yet connected.
 * @throws SessionError `STORE_UNAVAILABLE` when ioredis is not installed
 */
export async function makeClient({ url, redis, cluster }: RedisStoreOptions): Promise<Redis | Cluster> {
  const ioredis = await importIoredis();
  if (cluster !== undefined) {
    return new ioredis.Cluster([...cluster.nodes], {
      enableOfflineQueue: false,
      lazyConnect: true,
      // A command whose connection broke may have been carried out: it must not be resent to the next master.
      retryDelayOnFailover: 0,
      clusterRetryStrategy: retryDelay,
      ...cluster.options,
      // The decoders of this store fix the form of the replies.
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
 * Another client of the store's own, for calls that wait for replicas; also where the application gave a client.
 * @param waitMs how long the server may wait for replicas, and the calls behind it for the server
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

/** With the options that the application's client should have, and may not have. */
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
  // Pipelines of ioredis might send a wait before the calls that it is for.
  return { ...options, commandTimeout: commandTimeout + waitMs, enableAutoPipelining: false };
}

/** Imported when a store opens, not with this module: an import that fails there could not say what to do about it. */
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
  // Not by its class: it may be of another copy of the library.
  return client.isCluster;
}

/** How long to wait for a client that is connecting, when a store opens. */
const startTimeMs = 10_000;

/**
 * Resolves when the client is ready. The promise of its `connect` is not enough: when the first attempt to reach a
 * Cluster fails, the library tries again, and that promise stays pending.
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

/** States of a client without a connection: in these `disconnect` emits no `end`. */
const unconnected: ReadonlySet<string> = new Set(['wait', 'reconnecting', 'close', 'end']);
/** How long to wait for a connection to close. */
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
