import type { Cluster, Redis } from 'ioredis';
import { becomeReady, disconnect, isCluster, makeClient } from './client.js';
import { type RedisStoreOptions, requireNoKeyPrefix } from './redis-options.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

/** The first version with sharded channels and with all that the scripts use of `ZRANGE`, `PEXPIRETIME` and `LPOP`. */
const oldestVersion = 7;

/** The client that commands go through: the application's, or one made for the store. */
export class RedisConnection {
  readonly isCluster: boolean;
  readonly #options: RedisStoreOptions;
  #client: Redis | Cluster | undefined;
  #latestError: unknown;
  #onReady: (() => void) | undefined;

  constructor(options: RedisStoreOptions) {
    const { client, cluster } = options;
    this.#options = options;
    this.#client = client;
    this.isCluster = client === undefined ? cluster !== undefined : isCluster(client);
  }

  get isReady(): boolean {
    return this.#client?.status === 'ready';
  }

  /** @throws SessionError `STORE_UNAVAILABLE` before `open` */
  get client(): Redis | Cluster {
    if (this.#client === undefined) throw storeUnavailable('It is not connected');
    return this.#client;
  }

  /**
   * @param onReady called whenever a lost connection has been restored
   * @throws SessionError `STORE_UNAVAILABLE`, or `INVALID_CONTEXT` for a `keyPrefix` within `url`
   */
  async open(onReady: () => void): Promise<void> {
    const client = this.#client ?? (await makeClient(this.#options));
    requireNoKeyPrefix(client.options);
    this.#client = client;
    client.on('error', this.#noteError);
    try {
      await becomeReady(client);
      await this.#requireMasters();
      await this.#requireVersion();
    } catch (error) {
      await this.close();
      // An earlier error of the connection says more than that the connection is closed now.
      throw asUnavailable(this.#latestError ?? error);
    }
    this.#onReady = onReady;
    client.on('ready', onReady);
  }

  async close(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    client.off('error', this.#noteError);
    if (this.#onReady !== undefined) client.off('ready', this.#onReady);
    if (this.#options.client === undefined) await disconnect(client);
  }

  /** Another connection to the same place, for channels. It queues subscriptions until it is connected. */
  duplicate(): Redis | Cluster {
    const { client } = this;
    if (isCluster(client)) {
      return client.duplicate([], { shardedSubscribers: true, enableOfflineQueue: true, lazyConnect: true });
    }
    return client.duplicate({
      lazyConnect: true,
      enableOfflineQueue: true,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
    });
  }

  readonly #noteError = (error: unknown): void => {
    this.#latestError = error;
  };

  /** A Cluster is ready as soon as its first node is; commands to those still connecting would fail. */
  async #requireMasters(): Promise<void> {
    const { client } = this;
    if (isCluster(client)) await Promise.all(client.nodes('master').map((node) => node.ping()));
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
