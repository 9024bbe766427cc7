import type { Cluster, Redis } from 'ioredis';
import type { StoreFactory } from '../../../src/conformance/session-store.js';
import { SessionContext } from '../../../src/index.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { RemoteStore } from '../nodes/remote-store.js';
import { ExactClock, exactOptions, exactTimeSource, freshPrefix } from './exact-clock.js';

/** The Redis that stores use, and the test's own connection to it. */
export interface Place {
  readonly options: RedisStoreOptions;
  readonly client: Redis | Cluster;
}

/** Returns a factory of stores in this process. Each store has its own prefix and a clock that the test advances. */
export function redisStores(place: () => Place): StoreFactory {
  return async (context) => {
    const { client, options } = place();
    const keyPrefix = freshPrefix();
    const clock = await ExactClock.start(client, keyPrefix);
    const store = new RedisStore(new SessionContext(context), exactOptions({ ...options, keyPrefix }), exactTimeSource);
    return { store, advance: (milliseconds) => clock.advance(milliseconds), close: () => store.close() };
  };
}

/** Returns a factory of stores. Each store consists of several nodes that take turns. */
export function redisStoresOver(nodes: () => readonly NodeProcess[], place: () => Place): StoreFactory {
  return async (context) => {
    const { client, options } = place();
    const keyPrefix = freshPrefix();
    const clock = await ExactClock.start(client, keyPrefix);
    const hosted = { context, options: exactOptions({ ...options, keyPrefix }), timeSource: exactTimeSource };
    const store = new RemoteStore(nodes(), hosted);
    return { store, advance: (milliseconds) => clock.advance(milliseconds), close: () => store.close() };
  };
}
