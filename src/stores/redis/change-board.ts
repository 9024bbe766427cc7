import type { Cluster, Redis } from 'ioredis';
import type { ChangeWatcher } from '../../core/change-feed.js';
import { becomeReady, disconnect, type RedisConnection } from './connection.js';
import type { Keys } from './keys.js';

/** Where one watcher is told of changes to sessions: subscribes, and passes on what comes (see scripts/notices.lua). */
export class ChangeBoard {
  readonly #subscriber: Redis | Cluster;
  readonly #isCluster: boolean;
  readonly #channels: readonly string[];
  readonly #watcher: ChangeWatcher;
  #isOpen = false;

  constructor(connection: RedisConnection, keys: Keys, watcher: ChangeWatcher) {
    this.#subscriber = connection.duplicate();
    this.#isCluster = connection.isCluster;
    this.#channels = keys.changeChannels(connection.isCluster);
    this.#watcher = watcher;
  }

  async open(): Promise<void> {
    const subscriber = this.#subscriber;
    // Its faults show where commands are sent; without a listener the library prints each of them.
    subscriber.on('error', () => {});
    subscriber.on(this.#isCluster ? 'smessage' : 'message', (_channel: string, name: string) => this.#take(name));
    await becomeReady(subscriber);
    await this.#subscribe();
    this.#isOpen = true;
    subscriber.on('close', () => this.#interrupt());
    subscriber.on(this.#isCluster ? 'subscribersReady' : 'ready', () => void this.#resume());
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await disconnect(this.#subscriber);
  }

  async #subscribe(): Promise<void> {
    // On a Cluster each channel belongs to the slot of its bucket.
    if (this.#isCluster) await Promise.all(this.#channels.map((channel) => this.#subscriber.ssubscribe(channel)));
    else await this.#subscriber.subscribe(...this.#channels);
  }

  #take(name: string): void {
    if (!this.#isOpen) return;
    const colon = name.indexOf(':');
    this.#watcher.changed(name.slice(0, colon), name.slice(colon + 1));
  }

  #interrupt(): void {
    if (this.#isOpen) this.#watcher.interrupted();
  }

  async #resume(): Promise<void> {
    if (!this.#isOpen) return;
    // Whatever was lost on a connection to one node of a Cluster was lost before it came back.
    this.#watcher.interrupted();
    try {
      // On a Cluster the library has done so.
      if (!this.#isCluster) await this.#subscribe();
    } catch {
      // The connection was lost again; there will be another `ready`.
      return;
    }
    if (this.#isOpen) this.#watcher.resumed();
  }
}
