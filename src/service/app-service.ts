import type { SessionContext } from '../context/session-context.js';
import { invalidArgument } from '../errors/session-error.js';
import type { SessionCounts } from '../events/session-counts.js';
import type { SessionEvent, SessionListener } from '../events/session-events.js';
import { type ChangeWatcher, isChangeFeed } from '../store/change-feed.js';
import { type RefusedRequest, refusedBearer } from './refused-bearer.js';
import { isManager, managerBrand, notAManager } from './require-manager.js';
import type { SessionRuntime } from './session-runtime.js';
import { deferredWatcher } from './watcher-calls.js';

/**
 * Returns the parts of the service, which all apps share. Only for this package: a method would be public.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export let runtimeOf: (service: AppService) => SessionRuntime;

/** The methods of `SessionManager` for the service as a whole: settings, events, health, end. */
export abstract class AppService {
  static {
    runtimeOf = (service) => {
      if (service instanceof AppService) return service.#runtime;
      if (!isManager(service)) throw notAManager(service);
      const rule = 'must be a SessionManager of this copy of session-mailbox, and is one of another';
      throw invalidArgument('manager', rule, service);
    };
    Object.defineProperty(AppService.prototype, managerBrand, { value: true });
  }

  readonly #runtime: SessionRuntime;
  /** The namespace that this manager serves. Default: `default`. */
  readonly app: string;

  constructor(runtime: SessionRuntime, app: string) {
    this.#runtime = runtime;
    this.app = app;
  }

  /** The configuration of the service. */
  get context(): SessionContext {
    return this.#runtime.context;
  }

  /** Whether a `ClientPolicy` is bound: then the fronts name the client of each request that they authenticate. */
  get comparesClients(): boolean {
    return this.#runtime.clientPolicy !== undefined;
  }

  /** The time by this node's clock, in milliseconds since the Unix epoch. */
  get now(): number {
    return this.#runtime.clock.now();
  }

  /** Numbers of events by kind that this node has emitted since it started, for all apps: logins, ends by reason, … */
  get counts(): SessionCounts {
    return this.#runtime.events.counts;
  }

  /**
   * Subscribes to this app's events on this node. Listeners run after the operation that caused the event; an exception
   * in a listener is reported and isolated.
   * @throws SessionError `INVALID_ARGUMENT`
   */
  on<Event extends SessionEvent>(event: Event, listener: SessionListener<Event>): this {
    this.#runtime.events.on(this.app, event, listener);
    return this;
  }

  /** Ends a subscription of `on`. Has no effect when there is none. */
  off<Event extends SessionEvent>(event: Event, listener: SessionListener<Event>): this {
    this.#runtime.events.off(this.app, event, listener);
    return this;
  }

  /**
   * Emits `refused`. For a transport of the application that authenticates requests itself: the fronts of this package
   * emit the event already. Has no effect for an error that refuses no bearer.
   * @param error the error with which `authenticate` rejected
   */
  reportRefused(error: unknown, request: RefusedRequest = {}): void {
    const refused = refusedBearer(this.app, error, request);
    if (refused !== undefined) this.#runtime.events.emit('refused', refused);
  }

  /**
   * Resolves when every part of the store can be read and written now.
   * @throws SessionError `STORE_UNAVAILABLE`, whose message names the problem
   */
  async ping(): Promise<void> {
    await this.#runtime.store.ping();
  }

  /**
   * Notifies the watcher of changes to sessions of every app, made on any node. For a cache that must evict changed
   * sessions, or an application that needs to know which sessions other nodes create, rotate and close. An exception of
   * the watcher is reported and isolated.
   * @returns a function that ends the watch; it resolves when the watcher is not called any more
   * @throws SessionError `INVALID_ARGUMENT` when the store can't notify of changes, or for a watcher without its methods
   */
  async watchChanges(watcher: ChangeWatcher): Promise<() => Promise<void>> {
    const { store } = this.#runtime;
    if (isChangeFeed(store)) return store.watchChanges(deferredWatcher(watcher));
    throw invalidArgument('store', 'must be able to notify of changes (ChangeFeed)', store.constructor.name);
  }

  /**
   * The first step of a graceful stop of a server: answers every held poll with `retry`, closes every WebSocket as
   * `shutdown`, and from then on holds no polls or WebSockets. Everything else goes on. Resolves when all of them have
   * ended, at the latest after `drainTime`.
   */
  drain(): Promise<void> {
    return this.#runtime.drain();
  }
}
