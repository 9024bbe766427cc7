import { everyApp, type SessionEventMap, type SessionListener } from '../events/session-events.js';
import type { SessionRuntime } from '../service/session-runtime.js';
import { type ChangeWatcher, isChangeFeed } from '../store/change-feed.js';

/** Who wants to hear of sessions that end, here or at another node. */
export interface EndListener {
  ended(closed: SessionEventMap['closed']): void;
  /** It changed, and perhaps ended. */
  changed(app: string, id: string): void;
  /** Any may have ended. */
  missed(): void;
}

/** Hears of ends for as long as somebody needs to know: what other nodes end, the store must tell, if it can. */
export class ChangeWatch {
  readonly #runtime: SessionRuntime;
  readonly #listener: EndListener;
  readonly #onClosed: SessionListener<'closed'>;
  #watching: Promise<(() => Promise<void>) | undefined> | undefined;

  constructor(runtime: SessionRuntime, listener: EndListener) {
    this.#runtime = runtime;
    this.#listener = listener;
    this.#onClosed = (closed) => listener.ended(closed);
  }

  /**
   * Resolves once every later end is told.
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
    watching
      .then((end) => end?.())
      .catch(() => {
        // It never began, or the store is away; either way nothing more is told.
      });
  }

  async #watch(): Promise<(() => Promise<void>) | undefined> {
    const { store, events } = this.#runtime;
    events.on(everyApp, 'closed', this.#onClosed);
    if (!isChangeFeed(store)) return undefined;
    // One of its own for each time: the end of the last may still be under way.
    const watcher: ChangeWatcher = {
      changed: (app, id) => this.#listener.changed(app, id),
      // Meanwhile the contacts find out.
      interrupted: () => {},
      resumed: () => this.#listener.missed(),
    };
    return store.watchChanges(watcher);
  }
}
