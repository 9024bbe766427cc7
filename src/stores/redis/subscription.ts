import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { becomeReady, disconnect, isCluster } from './client.js';
import type { RedisConnection } from './connection.js';
import { inTime } from './in-time.js';
import { requireMaster } from './master.js';
import { storeUnavailable } from './unavailable.js';

/** Milliseconds before the next attempt to subscribe. */
const pauseMs = 500;

export interface SubscriptionListener {
  received(text: string): void;
  /** Messages that are published from now on may be missed. */
  lost(): void;
  /** Messages that are published from now on are received. Messages since `lost` may have been missed. */
  restored(): void;
}

/**
 * Subscribes to channels on a separate connection, and subscribes again when this connection was lost.
 *
 * On a Cluster ioredis resubscribes by itself, but not reliably. When a shard that has just been started refuses a
 * subscription, ioredis does not report that, and does not try again. It may also keep a dead connection to a shard.
 * Therefore this class subscribes to all channels again whenever ioredis has reconnected, and replaces the connection
 * when that does not help.
 */
export class Subscription {
  readonly #connection: RedisConnection;
  readonly #channels: readonly string[];
  readonly #listener: SubscriptionListener;
  readonly #closing = new AbortController();
  #subscriber: Redis | Cluster | undefined;
  #renewing: Promise<void> | undefined;
  /** What must be renewed next. */
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
    // The disconnect also ends a running renewal.
    if (this.#subscriber !== undefined) await disconnect(this.#subscriber);
    await this.#renewing;
  }

  /**
   * Replaces the connection, unless a renewal is running. Call this when the server reports no subscriber, even if the
   * connection seems to be in order.
   */
  replace(): void {
    // If the running renewal does not help, the next heartbeat reports it again.
    if (this.#renewing === undefined) this.moved();
  }

  /**
   * Replaces the connection. Call this when the address may lead to another server, although the connection to the old
   * server may still be open.
   */
  moved(): void {
    this.#renew('connection');
  }

  /**
   * Subscribes once more, and replaces the connection if the server does not answer: a firewall may have forgotten the
   * connection, which seems open all the same.
   */
  async verify(): Promise<void> {
    const subscriber = this.#subscriber;
    if (this.#renewing !== undefined || subscriber?.status !== 'ready') return;
    try {
      await inTime(this.#subscribeOn(subscriber));
    } catch {
      if (this.#subscriber === subscriber) this.replace();
    }
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
        await delay(pauseMs, undefined, { signal, ref: false }).catch(() => {});
      }
    }
    if (!signal.aborted) this.#listener.restored();
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
    // The connection for commands reports the same errors. Without a listener, ioredis would print each error.
    subscriber.on('error', () => {});
    subscriber.on(isCluster ? 'smessage' : 'message', (_channel: string, text: string) => {
      if (isUsed()) this.#listener.received(text);
    });
    await becomeReady(subscriber, this.#closing.signal);
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
    // A replica that lost its master would accept the subscription, but send nothing.
    if (!isCluster(subscriber)) await requireMaster(subscriber);
    await this.#subscribeOn(subscriber);
  }

  async #subscribeOn(subscriber: Redis | Cluster): Promise<void> {
    if (isCluster(subscriber)) {
      // Each channel is in the slot of its bucket, so it needs a separate command.
      await Promise.all(this.#channels.map((channel) => subscriber.ssubscribe(channel)));
      return;
    }
    await subscriber.subscribe(...this.#channels);
  }
}
