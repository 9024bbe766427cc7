import { inject, injectable, optional } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import { WaitingRoom } from '../delivery/waiting-room.js';
import { SessionError } from '../errors/session-error.js';
import { SessionEvents } from '../events/session-events.js';
import { storeTracing } from '../measures/diagnostics.js';
import { observeOperations } from '../store/observed-store.js';
import { SessionStore } from '../store/session-store.js';
import { Clock } from '../time/clock.js';
import { invalidOption } from '../validation/options.js';
import { ClientPolicy } from './client-policy.js';
import { GcProcessor } from './processors/gc-processor.js';
import { HeartbeatProcessor } from './processors/heartbeat-processor.js';
import { PushMessageProcessor } from './processors/push-message-processor.js';

/**
 * The parts of the service, which all apps share, and its states: `idle` → `running` (`start`) → `stopped` (`stop`).
 * A stopped service can't be started again. `SessionManager` is the view of one app on the service.
 */
@injectable()
export class SessionRuntime {
  readonly context: SessionContext;
  readonly clock: Clock;
  readonly events: SessionEvents;
  readonly room: WaitingRoom;
  /** `undefined` when clients are not compared. */
  readonly clientPolicy: ClientPolicy | undefined;
  readonly #store: SessionStore;
  readonly #broadcaster: PushMessageProcessor;
  readonly #processors: readonly (GcProcessor | HeartbeatProcessor)[];
  readonly #drainHooks = new Set<() => Promise<void>>();
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #isDraining = false;
  #draining: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(Clock) clock: Clock,
    @inject(SessionStore) store: SessionStore,
    @inject(SessionEvents) events: SessionEvents,
    @inject(WaitingRoom) room: WaitingRoom,
    @inject(PushMessageProcessor) broadcaster: PushMessageProcessor,
    @inject(GcProcessor) gc: GcProcessor,
    @inject(HeartbeatProcessor) heartbeat: HeartbeatProcessor,
    @inject(ClientPolicy) @optional() clientPolicy?: ClientPolicy,
  ) {
    // Otherwise each request of a changed client would fail. The policy may be an object without its class.
    if (clientPolicy !== undefined && typeof Object(clientPolicy).judge !== 'function') {
      throw invalidOption('SessionManager', 'ClientPolicy', 'must be an object with the method judge', clientPolicy);
    }
    this.context = context;
    this.clock = clock;
    this.#store = store;
    this.events = events;
    this.room = room;
    this.clientPolicy = clientPolicy;
    this.#broadcaster = broadcaster;
    this.#processors = [gc, heartbeat];
  }

  /** @throws SessionError `STOPPED` unless the service is running */
  get store(): SessionStore {
    this.requireRunning();
    return this.#store;
  }

  /** @throws SessionError `STOPPED` unless the service is running */
  get broadcaster(): PushMessageProcessor {
    this.requireRunning();
    return this.#broadcaster;
  }

  /**
   * Opens the store, then starts the background work.
   * @throws SessionError `STOPPED` when the service was started or stopped before, or the error of the store's `open`
   */
  async start(): Promise<void> {
    if (this.#state !== 'idle') throw new SessionError('STOPPED', `The service can't start: it is ${this.#state}`, {});
    if (storeTracing.hasSubscribers) this.observeStore();
    await this.#store.open(this.room);
    this.#state = 'running';
    for (const processor of this.#processors) processor.start();
  }

  /** Times and traces each call of the store from now on. A second call has no effect. */
  observeStore(): void {
    observeOperations(this.#store, this.events.measures);
  }

  /**
   * Registers a drain hook, which is called once when the service begins to drain. For a front that holds connections:
   * the hook notifies its clients to reconnect to another node. A drain waits at most `drainTime` for its hooks. It
   * does not fail when a hook rejects.
   */
  onDrain(hook: () => Promise<void>): void {
    this.#drainHooks.add(hook);
  }

  /** Whether this node no longer holds connections. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Ends all held connections within `drainTime`, and holds no new ones. Everything else goes on. */
  drain(): Promise<void> {
    // Set the state before the first client is sent away: its front reads the state to report the reason.
    this.#isDraining = true;
    this.#draining ??= Promise.all([this.room.drain(), this.#callDrainHooks()]).then(() => {});
    return this.#draining;
  }

  /** Drains, ends the background work and closes the store. A second call has no effect. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** @throws SessionError `STOPPED` unless the service is running */
  requireRunning(): void {
    if (this.#state === 'running') return;
    const state = this.#state === 'idle' ? 'not started' : 'stopped';
    throw new SessionError('STOPPED', `The session service is ${state}`, {});
  }

  async #stop(): Promise<void> {
    if (this.#state === 'idle') {
      this.#state = 'stopped';
      return;
    }
    await this.drain();
    this.#state = 'stopped';
    await this.#broadcaster.stop();
    await Promise.all(this.#processors.map((processor) => processor.stop()));
    await this.#store.close();
  }

  async #callDrainHooks(): Promise<void> {
    const ended = Promise.allSettled([...this.#drainHooks].map(async (hook) => hook()));
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimer(this.context.drainTime, resolve);
      void ended.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
