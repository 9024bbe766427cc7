import type { Cluster, Redis } from 'ioredis';
import { becomeReady, disconnect, isCluster, makeClient } from './client.js';
import { MasterSearch } from './master-search.js';
import { type RedisStoreOptions, requireDatabaseNumber, requireNoKeyPrefix } from './redis-options.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

/**
 * First version with sharded channels, and with the forms of `ZRANGE`, `PEXPIRETIME` and `LPOP` that the scripts use.
 */
const oldestVersion = 7;

/** A client that sends commands: the client of the application, or one that the store made. */
export class RedisConnection {
  readonly isCluster: boolean;
  readonly #make: () => Promise<Redis | Cluster>;
  /** Whether the store made the client. If so, the store closes it. */
  readonly #isOwn: boolean;
  #client: Redis | Cluster | undefined;
  #latestError: unknown;
  #onReady: (() => void) | undefined;
  #search: MasterSearch | undefined;

  /** @param make makes the client; if given, a client in the options is not used */
  constructor(options: RedisStoreOptions, make?: () => Promise<Redis | Cluster>) {
    const { client, cluster } = options;
    this.#make = make ?? (() => makeClient(options));
    this.#isOwn = client === undefined || make !== undefined;
    this.#client = make === undefined ? client : undefined;
    this.isCluster = client === undefined ? cluster !== undefined : isCluster(client);
  }

  /** @throws SessionError `STORE_UNAVAILABLE` while calls can't be carried out */
  requireReady(): void {
    const refusal = this.#search?.refusal;
    if (refusal !== undefined) throw refusal;
    if (this.#client?.status !== 'ready') throw storeUnavailable('It is not connected');
  }

  /**
   * Searches for the master, and refuses calls until the master is found. Call this when the server answered that it is
   * not the master. Does nothing on a Cluster: there a replica answers where its master is, and the client follows.
   */
  refusedAsNoMaster(refusal: string): void {
    this.#search?.start(refusal);
  }

  /** @throws SessionError `STORE_UNAVAILABLE` before `open` */
  get client(): Redis | Cluster {
    if (this.#client === undefined) throw storeUnavailable('It is not connected');
    return this.#client;
  }

  /**
   * @param onReady called whenever a lost connection has been restored
   * @param onMoved called with the answer of the server when the server turned out not to be the master, and with
   * `undefined` when the master has been found
   * @throws SessionError `STORE_UNAVAILABLE`, or `INVALID_CONTEXT` for a `keyPrefix` or a wrong database within `url`
   */
  async open(onReady: () => void, onMoved: (refusal: string | undefined) => void): Promise<void> {
    const client = this.#client ?? (await this.#make());
    requireNoKeyPrefix(client.options);
    if (!isCluster(client)) requireDatabaseNumber(client.options);
    this.#client = client;
    client.on('error', this.#noteError);
    try {
      await becomeReady(client);
      await this.#requireDatabase();
      await this.#requireMasters();
      await this.#requireVersion();
    } catch (error) {
      await this.close();
      // An earlier error of the connection is more useful than the error that the connection is closed now.
      throw asUnavailable(this.#latestError ?? error);
    }
    if (!isCluster(client)) {
      const found = () => {
        onMoved(undefined);
        onReady();
      };
      this.#search = new MasterSearch(client, { lost: onMoved, found });
    }
    this.#onReady = () => {
      if (this.#search?.refusal === undefined) onReady();
    };
    client.on('ready', this.#onReady);
  }

  async close(): Promise<void> {
    const client = this.#client;
    if (client === undefined) return;
    client.off('error', this.#noteError);
    if (this.#onReady !== undefined) client.off('ready', this.#onReady);
    const searchEnded = this.#search?.stop();
    if (this.#isOwn) await disconnect(client);
    await searchEnded;
  }

  /** Makes another client for the same server, for channels. It queues subscriptions until it is connected. */
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

  /**
   * Selects the database once more. ioredis has selected it, but if the server refused, ioredis goes on in database 0,
   * among the keys of others. The application's own client may have selected another one since.
   */
  async #requireDatabase(): Promise<void> {
    const { client } = this;
    if (isCluster(client) || !this.#isOwn) return;
    const { db = 0 } = client.options;
    if (db !== 0) await client.select(db);
  }

  /**
   * Waits until all masters of a Cluster answer. The Cluster client is ready as soon as its first node is ready, but
   * commands to nodes that are still connecting would fail.
   */
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
