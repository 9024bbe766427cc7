import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';

/** Where the Redis is. At most one of `url`, `redis`, `cluster` and `client`; without any, 127.0.0.1:6379. */
export interface RedisStoreOptions {
  /** `redis://` or `rediss://`, as ioredis takes it. */
  readonly url?: string;
  /** Options of ioredis for a single server, passed through: TLS, Sentinel, user and password, … Also added to `url`. */
  readonly redis?: RedisOptions;
  /** A Cluster: some of its nodes, and options of ioredis, passed through. */
  readonly cluster?: { readonly nodes: readonly ClusterNode[]; readonly options?: ClusterOptions };
  /**
   * A client that the application has already. The store sends commands through it, and never closes it. It should not
   * send again what broke off (`autoResendUnfulfilledCommands: false`, on a Cluster `retryDelayOnFailover: 0`), or a
   * push may be delivered twice.
   */
  readonly client?: Redis | Cluster;
  /** What every key and channel begins with. All nodes of a fleet must use the same. Default `session-mailbox:`. */
  readonly keyPrefix?: string;
  /**
   * Into how many hash slots the accounts are spread, from 1 to 3844. All nodes of a fleet must use the same, for as
   * long as there are sessions. Default 64.
   */
  readonly buckets?: number;
}
