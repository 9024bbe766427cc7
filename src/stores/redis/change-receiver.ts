import type { ChangeWatcher } from '../../store/change-feed.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { Subscription } from './subscription.js';

/** Receives changes of sessions and forwards them to one watcher; see scripts/notices.lua. */
export class ChangeReceiver {
  readonly #subscription: Subscription;

  constructor(connection: RedisConnection, keys: Keys, watcher: ChangeWatcher) {
    this.#subscription = new Subscription(connection, keys.changeChannels(connection.isCluster), {
      received: (name) => {
        const colon = name.indexOf(':');
        watcher.changed(name.slice(0, colon), name.slice(colon + 1));
      },
      lost: () => watcher.interrupted(),
      restored: () => watcher.resumed(),
    });
  }

  open(): Promise<void> {
    return this.#subscription.open();
  }

  /** Call when the address may lead to another server. */
  moved(): void {
    this.#subscription.moved();
  }

  close(): Promise<void> {
    return this.#subscription.close();
  }
}
