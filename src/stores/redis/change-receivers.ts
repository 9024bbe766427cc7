import type { ChangeWatcher } from '../../store/change-feed.js';
import type { Clock } from '../../time/clock.js';
import { ChangeReceiver } from './change-receiver.js';
import type { RedisConnection } from './connection.js';
import type { Keys } from './keys.js';
import { asUnavailable } from './unavailable.js';

/** The open change subscriptions of a store. */
export class ChangeReceivers {
  readonly #connection: RedisConnection;
  readonly #keys: Keys;
  readonly #clock: Clock;
  readonly #open = new Set<ChangeReceiver>();

  constructor(connection: RedisConnection, keys: Keys, clock: Clock) {
    this.#connection = connection;
    this.#keys = keys;
    this.#clock = clock;
  }

  /**
   * Opens a separate connection for the watcher, so that a store without watchers needs none.
   * @returns a function that ends the watch
   * @throws SessionError `STORE_UNAVAILABLE`
   */
  async watch(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const receiver = new ChangeReceiver(this.#connection, this.#keys, watcher, this.#clock);
    this.#open.add(receiver);
    const close = async () => {
      this.#open.delete(receiver);
      await receiver.close();
    };
    try {
      await receiver.open();
    } catch (error) {
      await close();
      throw asUnavailable(error);
    }
    return close;
  }

  /** Replaces the connections: they may still lead to a server that is not the master any more. */
  moved(): void {
    for (const receiver of this.#open) receiver.moved();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((receiver) => receiver.close()));
  }
}
