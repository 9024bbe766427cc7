import type { Cluster, ClusterNode, ClusterOptions, Redis, RedisOptions } from 'ioredis';
import * as v from 'valibot';
import {
  checkOptions,
  invalidOption,
  nonEmptyText,
  objectWith,
  trueOrFalse,
  wholeNumber,
} from '../../validation/options.js';
import { keyPrefixRule, mostBuckets } from './keys.js';
import type { ReplicaRule } from './replicas.js';

/**
 * At most one of `url` (with or without `redis`), `cluster` and `client` says where Redis is. Default: 127.0.0.1:6379.
 */
export interface RedisStoreOptions {
  /** A `redis://` or `rediss://` URL in the form that ioredis accepts. */
  readonly url?: string;
  /**
   * Options of ioredis for a single server: TLS, Sentinel, user and password, … The store passes them on unchecked,
   * together with `url`.
   */
  readonly redis?: RedisOptions;
  /** Some nodes of a Cluster, and options of ioredis, which the store passes on unchecked. */
  readonly cluster?: { readonly nodes: readonly ClusterNode[]; readonly options?: ClusterOptions };
  /**
   * A client of ioredis that the application already has. The store sends commands through it and never closes it. The
   * client should not resend commands whose connection broke (`autoResendUnfulfilledCommands: false`, on a Cluster
   * `retryDelayOnFailover: 0`). Otherwise a push may be delivered twice.
   */
  readonly client?: Redis | Cluster;
  /** Prefix of every key and channel. All nodes must use the same prefix. Default `session-mailbox:`. */
  readonly keyPrefix?: string;
  /**
   * Number of hash tags that the accounts are spread over, from 1 to 3844. All nodes must use the same number, and it
   * must not change while there are sessions. Default 64.
   */
  readonly buckets?: number;
  /**
   * Number of replicas that must have a write before the store acknowledges it: a login, a rotation, a patch, an end, a
   * push. A failover to one of these replicas loses nothing that was acknowledged. An object also sets `timeout`, the
   * milliseconds (from 1 to 60000, default 1000) after which the call fails as unsure, and `fsync`: whether the server
   * and these replicas must have synced the write to their append-only files (Redis 7.2 or newer; default false).
   * Default: none.
   */
  readonly replicas?: number | { readonly count: number; readonly timeout?: number; readonly fsync?: boolean };
}

/** The validated options, with their defaults. */
export interface CheckedRedisOptions extends Omit<RedisStoreOptions, 'replicas'> {
  readonly keyPrefix: string;
  readonly buckets: number;
  readonly replicas?: ReplicaRule;
}

const front = 'redisStore';

function passedOn<Options extends object>() {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);
  return v.custom<Options>(isObject, 'must be an object with options of ioredis');
}

const clusterRule = 'must be { nodes, options }, where nodes is a list that is not empty';
const rules = {
  front,
  // Each of these may hold a password.
  secrets: ['url', 'redis', 'cluster', 'client'],
  known: {
    url: v.exactOptional(nonEmptyText()),
    redis: v.exactOptional(passedOn<RedisOptions>()),
    cluster: v.exactOptional(
      v.strictObject(
        {
          nodes: v.pipe(
            v.array(
              v.custom<ClusterNode>(() => true),
              clusterRule,
            ),
            v.nonEmpty(clusterRule),
          ),
          options: v.exactOptional(passedOn<ClusterOptions>()),
        },
        clusterRule,
      ),
    ),
    client: v.exactOptional(objectWith<Redis | Cluster>('evalsha', 'eval', 'info', 'duplicate')),
    keyPrefix: v.optional(
      v.pipe(v.string(keyPrefixRule.rule), v.regex(keyPrefixRule.pattern, keyPrefixRule.rule)),
      'session-mailbox:',
    ),
    buckets: v.optional(wholeNumber(1, mostBuckets), 64),
    replicas: v.exactOptional(
      v.pipe(
        v.unknown(),
        v.transform((value) => (typeof value === 'number' ? { count: value } : value)),
        v.strictObject(
          {
            count: wholeNumber(1, 100),
            timeout: v.optional(wholeNumber(1, 60_000), 1_000),
            fsync: v.optional(trueOrFalse(), false),
          },
          'must be a number or { count, timeout, fsync }',
        ),
      ),
    ),
  },
} as const;

/** @throws SessionError `INVALID_CONTEXT`, which never quotes an option that may contain a password */
export function checkRedisOptions(options: RedisStoreOptions): CheckedRedisOptions {
  // An address instead of the options may contain a password.
  if (typeof options !== 'object')
    throw invalidOption(front, 'options', 'must be an object, such as { url }', typeof options);
  // An option with the value `undefined` counts as missing.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const checked = checkOptions(rules, given);
  const { url, redis, cluster, client } = checked;
  const places = [url ?? redis, cluster, client].filter((place) => place !== undefined);
  if (places.length > 1) {
    throw invalidOption(
      front,
      'options',
      'must have at most one of url (perhaps with redis), cluster and client',
      Object.keys(checked),
    );
  }
  for (const ioredisOptions of [redis, cluster?.options?.redisOptions, client?.options]) {
    requireNoKeyPrefix(ioredisOptions);
  }
  return checked;
}

/**
 * Rejects a key prefix of ioredis: ioredis adds it to the keys that it sends, but not to the keys that the scripts
 * derive from them.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function requireNoKeyPrefix(ioredisOptions: Pick<RedisOptions, 'keyPrefix'> | undefined): void {
  const keyPrefix = ioredisOptions?.keyPrefix;
  if (!keyPrefix) return;
  throw invalidOption(front, 'keyPrefix of ioredis', 'must not be set; set the keyPrefix of redisStore', keyPrefix);
}

/**
 * Rejects a database that is no number. For such a one, ioredis ends the process with an unhandled rejection.
 * @throws SessionError `INVALID_CONTEXT`
 */
export function requireDatabaseNumber({ db = 0 }: Pick<RedisOptions, 'db'>): void {
  if (Number.isInteger(db) && db >= 0) return;
  throw invalidOption(front, 'the database in url or redis', 'must be a whole number from 0', db);
}
