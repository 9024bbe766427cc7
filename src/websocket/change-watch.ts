import { everyApp, type SessionEventMap, type SessionListener } from '../events/session-events.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import { type ChangeWatcher, isChangeFeed } from '../store/change-feed.js';

/** Receives notices of sessions that end, on this node or another. */
export interface EndListener {
  ended(closed: SessionEventMap['closed']): void;
  /** The session changed: it may have ended, or its token may have been replaced. */
  changed(app: string, id: string): void;
  /** Notices were lost, so any session may have ended. */
  missed(): void;
}

/**
 * Listens for ended sessions and replaced tokens between `start` and `stop`: to the events of this node, and, for
 * changes by other nodes, to the store's change feed, if it has one.
 */
export class ChangeWatch {
  readonly #runtime: SessionRuntime;
  readonly #listener: EndListener;
  readonly #onClosed: SessionListener<'closed'>;
  readonly #onRotated: SessionListener<'rotated'>;
  #watching: Promise<(() => Promise<void>) | undefined> | undefined;

  constructor(runtime: SessionRuntime, listener: EndListener) {
    this.#runtime = runtime;
    this.#listener = listener;
    this.#onClosed = (closed) => listener.ended(closed);
    this.#onRotated = ({ app, id }) => listener.changed(app, id);
  }

  /**
   * Starts to listen. Resolves once every later end will be reported.
   * @throws SessionError `STORE_UNAVAILABLE`, `STOPPED`; the next call tries again
   */
  async start(): Promise<void> {
    if (this.#watching === undefined) {
      const watching = this.#watch();
      this.#watching = watching;
      watching.catch(() => {
        if (this.#watching === watching) this.stop();
      });
    }
    await this.#watching;
  }

  stop(): void {
    const watching = this.#watching;
    if (watching === undefined) return;
    this.#watching = undefined;
    this.#runtime.events.off(everyApp, 'closed', this.#onClosed);
    this.#runtime.events.off(everyApp, 'rotated', this.#onRotated);
    watching
      .then((end) => end?.())
      .catch(() => {
        // The watch never began, or the store is unavailable; in both cases nothing more is reported.
      });
  }

  async #watch(): Promise<(() => Promise<void>) | undefined> {
    const { store, events } = this.#runtime;
    events.on(everyApp, 'closed', this.#onClosed);
    events.on(everyApp, 'rotated', this.#onRotated);
    if (!isChangeFeed(store)) return undefined;
    // A new watcher for each start: the stop of the previous one may still be in progress.
    const watcher: ChangeWatcher = {
      changed: (app, id) => this.#listener.changed(app, id),
      // Until the feed resumes, the regular contacts find ended sessions.
      interrupted: () => {},
      resumed: () => this.#listener.missed(),
    };
    return store.watchChanges(watcher);
  }
}
