import type { Cluster, Redis } from 'ioredis';
import type { StoreFactory } from '../../../src/conformance/session-store.js';
import { SessionContext } from '../../../src/index.js';
import { RedisStore, type RedisStoreOptions } from '../../../src/stores/redis/index.js';
import type { NodeProcess } from '../nodes/node-process.js';
import { RemoteStore } from '../nodes/remote-store.js';
import { ExactClock, exactOptions, exactTimeSource, freshPrefix } from './exact-clock.js';

/** Where stores are to live, and the test's own connection to that place. */
export interface Place {
  readonly options: RedisStoreOptions;
  readonly client: Redis | Cluster;
}

/** Stores of this process, each under a prefix of its own and with a clock that is turned by hand. */
export function redisStores(place: () => Place): StoreFactory {
  return async (context) => {
    const { client, options } = place();
    const keyPrefix = freshPrefix();
    const clock = await ExactClock.start(client, keyPrefix);
    const store = new RedisStore(new SessionContext(context), exactOptions({ ...options, keyPrefix }), exactTimeSource);
    return { store, advance: (milliseconds) => clock.advance(milliseconds), close: () => store.close() };
  };
}

/** As one store, several nodes in processes of their own, which take turns. */
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
