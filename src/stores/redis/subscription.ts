import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { becomeReady, disconnect, type RedisConnection } from './connection.js';

/** Before it is tried again to subscribe. Milliseconds. */
const pause = 500;

export interface SubscriptionListener {
  told(text: string): void;
  /** What is sent from now on may not come. */
  lost(): void;
  /** What is sent from now on comes; what was sent since `lost` did not. */
  back(): void;
}

/** A connection of its own that listens to channels, and to the same again whenever it was lost. */
export class Subscription {
  readonly #subscriber: Redis | Cluster;
  readonly #isCluster: boolean;
  readonly #channels: readonly string[];
  readonly #listener: SubscriptionListener;
  readonly #closing = new AbortController();
  #isOpen = false;
  #renewing: Promise<void> | undefined;
  #renewAgain = false;

  constructor(connection: RedisConnection, channels: readonly string[], listener: SubscriptionListener) {
    this.#subscriber = connection.duplicate();
    this.#isCluster = connection.isCluster;
    this.#channels = channels;
    this.#listener = listener;
  }

  async open(): Promise<void> {
    const subscriber = this.#subscriber;
    // Its faults show where commands are sent; without a listener the library prints each of them.
    subscriber.on('error', () => {});
    subscriber.on(this.#isCluster ? 'smessage' : 'message', (_channel: string, text: string) => {
      if (this.#isOpen) this.#listener.told(text);
    });
    await becomeReady(subscriber);
    await this.#subscribe();
    this.#isOpen = true;
    subscriber.on('close', () => {
      if (this.#isOpen) this.#listener.lost();
    });
    subscriber.on(this.#isCluster ? 'subscribersReady' : 'ready', () => this.renew());
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    this.#closing.abort();
    await disconnect(this.#subscriber);
  }

  /**
   * Subscribes once more; where it is subscribed already, that does no harm. On a Cluster as well, though the library
   * does so by itself: it keeps silent when a shard refuses, as one does that has just been started, and never tries
   * again.
   */
  renew(): void {
    if (!this.#isOpen) return;
    this.#renewAgain = true;
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
  }

  async #renew(): Promise<void> {
    while (this.#renewAgain && this.#isOpen) {
      this.#renewAgain = false;
      this.#listener.lost();
      try {
        await this.#subscribe();
      } catch {
        this.#renewAgain = true;
        await delay(pause, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {});
      }
    }
    if (this.#isOpen) this.#listener.back();
  }

  async #subscribe(): Promise<void> {
    // Each channel belongs to the slot of its bucket.
    if (this.#isCluster) await Promise.all(this.#channels.map((channel) => this.#subscriber.ssubscribe(channel)));
    else await this.#subscriber.subscribe(...this.#channels);
  }
}
