import { LRUCache } from 'lru-cache';
import { inLoop } from '../../support/flight.js';
import type { Payload } from '../payload.js';
import { IDLE_TIME } from '../plan.js';
import type { SessionSubject } from '../subject.js';
import { ID_WIDTH, newId } from './session-id.js';

const RENEW = { updateAgeOnGet: true };
const SHORT = { ttl: 1 };

export class LruCacheWithTtl implements SessionSubject {
  readonly tokenWidth = ID_WIDTH;
  readonly idWidth = ID_WIDTH;
  readonly rows = {
    get: (ids: readonly string[]): void => inLoop(ids, (id) => this.#found(this.#cache.get(id))),
    touch: (ids: readonly string[]): void => inLoop(ids, (id) => this.#found(this.#cache.get(id, RENEW))),
    authenticate: (ids: readonly string[]): void => inLoop(ids, (id) => this.#found(this.#cache.get(id, RENEW))),
  };
  readonly #cache: LRUCache<string, Payload>;

  constructor(sessions: number) {
    this.#cache = new LRUCache({ max: sessions, ttl: IDLE_TIME });
  }

  async create(payloads: readonly Payload[]): Promise<string[]> {
    return payloads.map((payload) => {
      const id = newId();
      this.#cache.set(id, payload);
      return id;
    });
  }

  async expire(expired: readonly string[]): Promise<void> {
    for (const id of expired) this.#cache.set(id, this.#found(this.#cache.peek(id)), SHORT);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async sweep(): Promise<void> {
    this.#cache.purgeStale();
  }

  size(): number {
    return this.#cache.size;
  }

  #found(session: Payload | undefined): Payload {
    if (session === undefined) throw new Error('no such session');
    return session;
  }
}
