import type { RedisOptions } from 'ioredis';
import * as v from 'valibot';
import type { RedisStoreOptions } from '../../../stores/redis/redis-options.js';
import type { RedisClientOptions, RedisSessionsRedisOptions } from './types.js';

const defaultPort = 6_379;
const defaultHost = '127.0.0.1';
export const defaultNamespace = 'rs';

export const namespaceText = 'must be 1 to 63 visible ASCII characters without braces';
/**
 * Rule for a namespace. With a colon appended, the namespace is the key prefix of the Redis store. Braces would change
 * the hash slot in a Cluster.
 */
export const namespaceRule = v.pipe(v.string(namespaceText), v.regex(/^[\x21-\x7a|~]{1,63}$/, namespaceText));

export function isNamespace(text: string): boolean {
  return v.is(namespaceRule, text);
}

/** Returns the options of the Redis store. */
export function storeOptions({ port, host, options = {}, namespace }: RedisSessionsRedisOptions): RedisStoreOptions {
  const { url, socket, ...rest } = options;
  const keyPrefix = keyPrefixOf(namespace);
  const redis = { ...clientOptions(rest), ...socketOptions(socket) };
  if (url !== undefined) return { url, redis, keyPrefix };
  const address = { host: host ?? redis.host ?? defaultHost, port: port ?? redis.port ?? defaultPort };
  return { redis: { ...redis, ...address }, keyPrefix };
}

export function keyPrefixOf(namespace: string = defaultNamespace): string {
  return `${namespace}:`;
}

/** Renames the options that have other names in the clients of redis-sessions than in ioredis. */
function clientOptions(options: Omit<RedisClientOptions, 'url' | 'socket'>): RedisOptions {
  const { database, auth_pass: password, name, ...rest } = options;
  return {
    ...rest,
    ...(database !== undefined && { db: database }),
    ...(password !== undefined && { password }),
    // With sentinels, `name` is the name of the master in ioredis.
    ...(name !== undefined && (rest.sentinels === undefined ? { connectionName: name } : { name })),
  };
}

/** Converts the option `socket`. With `tls: true`, options that are not listed here are TLS options. */
function socketOptions({
  host,
  port,
  path,
  tls,
  connectTimeout,
  keepAlive,
  ...rest
}: Required<RedisClientOptions>['socket'] = {}): RedisOptions {
  return {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    ...(path !== undefined && { path }),
    ...(tls === true && { tls: rest }),
    ...(connectTimeout !== undefined && { connectTimeout }),
    ...(typeof keepAlive === 'number' && { keepAlive }),
  };
}
