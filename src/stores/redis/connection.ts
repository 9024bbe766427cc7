import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { invalidArgument } from '../../errors/session-error.js';
import type { RedisStoreOptions } from './redis-options.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

/** Redis knows sharded channels and what the scripts ask of `ZRANGE`, `PEXPIRETIME` and `LPOP` from here on. */
const oldestVersion = 7;
/** How long to wait at start for a client that is connecting. Milliseconds. */
const startTime = 10_000;
/** How long to wait for a connection to be closed. Milliseconds. */
const closeTime = 2_000;

/**
 * What this store needs of a connection of its own. Nothing is queued while the server is away, so that callers hear
 * of it at once; and nothing is sent twice, because a push would then be delivered twice.
 */
const perConnection = {
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 5_000,
  commandTimeout: 5_000,
  replyMapping: 'legacy',
} as const;

function retryDelay(attempt: number): number {
  // Spread at random, so that the nodes of a fleet don't come back together.
  return Math.min(2_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
}

function makeClient({ url, redis, cluster }: RedisStoreOptions): Redis | Cluster {
  if (cluster !== undefined) {
    return new Cluster([...cluster.nodes], {
      enableOfflineQueue: false,
      lazyConnect: true,
      // A command on a connection that broke may have been carried out: it must not be sent to the next master.
      retryDelayOnFailover: 0,
      clusterRetryStrategy: retryDelay,
      ...cluster.options,
      // What the answers look like is not the application's to choose.
      redisOptions: { ...perConnection, ...cluster.options?.redisOptions, replyMapping: 'legacy' },
    });
  }
  const options = {
    ...perConnection,
    lazyConnect: true,
    enableOfflineQueue: false,
    retryStrategy: retryDelay,
    ...redis,
    replyMapping: 'legacy',
  } satisfies RedisOptions;
  return url === undefined ? new Redis(options) : new Redis(url, options);
}

function isCluster(client: Redis | Cluster): client is Cluster {
  // Not by its class: it may be of another copy of the library.
  return client.isCluster;
}

/** The client that commands go through: the application's, or one made for the store. */
export class RedisConnection {
  readonly client: Redis | Cluster;
  readonly isCluster: boolean;
  readonly #isOwn: boolean;
  #latestError: unknown;
  #onReady: (() => void) | undefined;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor(options: RedisStoreOptions) {
    const given = [options.url ?? options.redis, options.cluster, options.client].filter((each) => each !== undefined);
    if (given.length > 1) {
      throw invalidArgument(
        'options',
        'must have at most one of url (with redis), cluster and client',
        Object.keys(options),
      );
    }
    this.#isOwn = options.client === undefined;
    this.client = options.client ?? makeClient(options);
    this.isCluster = isCluster(this.client);
    // It would stand before the keys that are sent, and not before those that the scripts derive from them.
    const prefix = this.client.options.keyPrefix;
    if (prefix) throw invalidArgument('keyPrefix of the client', "must not be set; give the store's own", prefix);
  }

  get isReady(): boolean {
    return this.client.status === 'ready';
  }

  /**
   * @param onReady called whenever the connection is back after it was lost
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  async open(onReady: () => void): Promise<void> {
    this.client.on('error', this.#noteError);
    try {
      await becomeReady(this.client);
      await this.#requireMasters();
      await this.#requireVersion();
    } catch (error) {
      await this.close();
      // What happened before says more than that the connection is closed now.
      throw asUnavailable(this.#latestError ?? error);
    }
    this.#onReady = onReady;
    this.client.on('ready', onReady);
  }

  async close(): Promise<void> {
    this.client.off('error', this.#noteError);
    if (this.#onReady !== undefined) this.client.off('ready', this.#onReady);
    if (this.#isOwn) await disconnect(this.client);
  }

  /** Another connection to the same place, for channels. It queues subscriptions until it is connected. */
  duplicate(): Redis | Cluster {
    if (isCluster(this.client)) {
      return this.client.duplicate([], { shardedSubscribers: true, enableOfflineQueue: true, lazyConnect: true });
    }
    return this.client.duplicate({
      lazyConnect: true,
      enableOfflineQueue: true,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
    });
  }

  readonly #noteError = (error: unknown): void => {
    this.#latestError = error;
  };

  /** A Cluster is ready with its first node; commands to those that are still connecting would fail. */
  async #requireMasters(): Promise<void> {
    if (isCluster(this.client)) await Promise.all(this.client.nodes('master').map((node) => node.ping()));
  }

  async #requireVersion(): Promise<void> {
    const info = await this.client.info('server');
    const version = /^redis_version:(.*)$/m.exec(info)?.[1]?.trim() ?? 'unknown';
    if (!(Number.parseInt(version, 10) >= oldestVersion)) {
      throw storeUnavailable(`The server must be Redis ${oldestVersion} or newer, or Valkey; it is ${version}`);
    }
    if (!this.isCluster && /^redis_mode:cluster/m.test(info)) {
      throw storeUnavailable('The server belongs to a Cluster: give `cluster` instead of `url`');
    }
  }
}

/**
 * Resolves when the client is ready. The promise of its `connect` alone would not do: when a Cluster can't be reached at
 * the first attempt, the library tries again, and that promise stays open for ever.
 */
export async function becomeReady(client: Redis | Cluster): Promise<void> {
  if (client.status === 'ready') return;
  await new Promise<void>((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      client.off('ready', ready);
      client.off('end', ended);
      act();
    };
    const ready = () => settle(resolve);
    const ended = () => settle(() => reject(storeUnavailable('The connection is closed')));
    const late = () => settle(() => reject(storeUnavailable(`It was not ready within ${startTime} ms`)));
    const timer = setTimeout(late, startTime);
    client.on('ready', ready);
    client.on('end', ended);
    if (client.status === 'wait') client.connect().then(ready, (error) => settle(() => reject(error)));
  });
}

/** States of a client that has no connection, and so none whose end it would tell of. */
const unconnected: ReadonlySet<string> = new Set(['wait', 'reconnecting', 'close', 'end']);

/** Resolves when the connection is closed, or after a while: there are states whose end the library does not tell. */
export async function disconnect(client: Redis | Cluster): Promise<void> {
  if (unconnected.has(client.status)) {
    client.disconnect();
    return;
  }
  const ended = new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, closeTime);
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  client.disconnect();
  await ended;
}
