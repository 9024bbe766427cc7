import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { becomeReady, disconnect, type RedisConnection } from './connection.js';
import { storeUnavailable } from './unavailable.js';

/** Before it is tried again to subscribe. Milliseconds. */
const pause = 500;

export interface SubscriptionListener {
  told(text: string): void;
  /** What is sent from now on may not come. */
  lost(): void;
  /** What is sent from now on comes; what was sent since `lost` did not. */
  back(): void;
}

/**
 * Listens to channels on a connection of its own, and goes on listening when that was lost.
 *
 * On a Cluster the library does much of it by itself, and can't be trusted with it: it keeps silent when a shard refuses a
 * subscription, as one does that has just been started, and never tries again; and it may be left with a connection to a
 * shard that it takes for a good one. So all is subscribed to once more whenever the library has connected anew, and when
 * that does not help the whole connection is replaced.
 */
export class Subscription {
  readonly #connection: RedisConnection;
  readonly #channels: readonly string[];
  readonly #listener: SubscriptionListener;
  readonly #closing = new AbortController();
  #subscriber: Redis | Cluster | undefined;
  #renewing: Promise<void> | undefined;
  /** What is to be done about it next. */
  #need: 'nothing' | 'subscriptions' | 'connection' = 'nothing';

  constructor(connection: RedisConnection, channels: readonly string[], listener: SubscriptionListener) {
    this.#connection = connection;
    this.#channels = channels;
    this.#listener = listener;
  }

  open(): Promise<void> {
    return this.#connect();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    // Also ends what is being renewed.
    if (this.#subscriber !== undefined) await disconnect(this.#subscriber);
    await this.#renewing;
  }

  /** The server knows nobody who listens, whatever the connection seems to be like. */
  replace(): void {
    // If it is so even after what is under way, it will be said again.
    if (this.#renewing === undefined) this.#renew('connection');
  }

  #renew(need: 'subscriptions' | 'connection'): void {
    if (this.#closing.signal.aborted) return;
    if (this.#need !== 'connection') this.#need = need;
    this.#renewing ??= this.#meetNeed().finally(() => {
      this.#renewing = undefined;
    });
  }

  async #meetNeed(): Promise<void> {
    const { signal } = this.#closing;
    while (this.#need !== 'nothing' && !signal.aborted) {
      const isNew = this.#need === 'connection';
      this.#need = 'nothing';
      this.#listener.lost();
      try {
        await (isNew ? this.#reconnect() : this.#subscribe());
      } catch {
        this.#need = 'connection';
        await delay(pause, undefined, { signal, ref: false }).catch(() => {});
      }
    }
    if (!signal.aborted) this.#listener.back();
  }

  async #reconnect(): Promise<void> {
    const old = this.#subscriber;
    this.#subscriber = undefined;
    if (old !== undefined) await disconnect(old);
    if (!this.#closing.signal.aborted) await this.#connect();
  }

  async #connect(): Promise<void> {
    const subscriber = this.#connection.duplicate();
    this.#subscriber = subscriber;
    const isUsed = () => this.#subscriber === subscriber && !this.#closing.signal.aborted;
    const { isCluster } = this.#connection;
    // Its faults show where commands are sent; without a listener the library prints each of them.
    subscriber.on('error', () => {});
    subscriber.on(isCluster ? 'smessage' : 'message', (_channel: string, text: string) => {
      if (isUsed()) this.#listener.told(text);
    });
    await becomeReady(subscriber);
    await this.#subscribe();
    subscriber.on('close', () => {
      if (isUsed()) this.#listener.lost();
    });
    subscriber.on(isCluster ? 'subscribersReady' : 'ready', () => {
      if (isUsed()) this.#renew('subscriptions');
    });
  }

  async #subscribe(): Promise<void> {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) throw storeUnavailable('It is not connected');
    // Each channel belongs to the slot of its bucket.
    if (this.#connection.isCluster) await Promise.all(this.#channels.map((channel) => subscriber.ssubscribe(channel)));
    else await subscriber.subscribe(...this.#channels);
  }
}
