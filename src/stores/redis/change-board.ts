import type { ChangeWatcher } from '../../store/change-feed.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { Subscription } from './subscription.js';

/** Where one watcher is told of changes to sessions: passes on what comes (see scripts/notices.lua). */
export class ChangeBoard {
  readonly #subscription: Subscription;

  constructor(connection: RedisConnection, keys: Keys, watcher: ChangeWatcher) {
    this.#subscription = new Subscription(connection, keys.changeChannels(connection.isCluster), {
      told: (name) => {
        const colon = name.indexOf(':');
        watcher.changed(name.slice(0, colon), name.slice(colon + 1));
      },
      lost: () => watcher.interrupted(),
      back: () => watcher.resumed(),
    });
  }

  open(): Promise<void> {
    return this.#subscription.open();
  }

  close(): Promise<void> {
    return this.#subscription.close();
  }
}
