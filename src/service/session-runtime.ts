import { inject, injectable, multiInject } from 'inversify';
import { SessionContext } from '../context/session-context.js';
import { WaitingRoom } from '../delivery/waiting-room.js';
import { SessionError } from '../errors/session-error.js';
import { SessionEvents } from '../events/session-events.js';
import { SessionStore } from '../store/session-store.js';
import { Clock } from '../time/clock.js';
import { Processor } from './processor.js';
import { FanOut } from './push-report.js';

/**
 * The parts of the service and its life: `idle` → `running` → `stopped`, and no way back. What serves several apps is
 * here once; what a caller sees of one app is `SessionManager`.
 */
@injectable()
export class SessionRuntime {
  readonly context: SessionContext;
  readonly clock: Clock;
  readonly events: SessionEvents;
  readonly room: WaitingRoom;
  readonly #store: SessionStore;
  readonly #fanOut: FanOut;
  readonly #processors: readonly Processor[];
  readonly #farewells = new Set<() => Promise<void>>();
  #state: 'idle' | 'running' | 'stopped' = 'idle';
  #draining: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;

  constructor(
    @inject(SessionContext) context: SessionContext,
    @inject(Clock) clock: Clock,
    @inject(SessionStore) store: SessionStore,
    @inject(SessionEvents) events: SessionEvents,
    @inject(WaitingRoom) room: WaitingRoom,
    @inject(FanOut) fanOut: FanOut,
    @multiInject(Processor) processors: Processor[],
  ) {
    this.context = context;
    this.clock = clock;
    this.#store = store;
    this.events = events;
    this.room = room;
    this.#fanOut = fanOut;
    this.#processors = processors;
  }

  /** @throws SessionError `STOPPED` unless the service is running */
  get store(): SessionStore {
    this.requireRunning();
    return this.#store;
  }

  /** @throws SessionError `STOPPED` unless the service is running */
  get fanOut(): FanOut {
    this.requireRunning();
    return this.#fanOut;
  }

  async start(): Promise<void> {
    if (this.#state !== 'idle') throw new SessionError('STOPPED', `The service can't start: it is ${this.#state}`, {});
    await this.#store.open(this.room);
    this.#state = 'running';
    for (const processor of this.#processors) processor.start();
  }

  /**
   * Has `farewell` called when the service begins to drain: whoever holds connections tells their clients to come back
   * elsewhere. It is waited for, for `drainTime` at most.
   */
  onDrain(farewell: () => Promise<void>): void {
    this.#farewells.add(farewell);
  }

  /** Whether connections are no longer held here. */
  get isDraining(): boolean {
    return this.#draining !== undefined;
  }

  /** From now on no connection is held; those held are ended, within `drainTime`. Everything else goes on. */
  drain(): Promise<void> {
    this.#draining ??= Promise.all([this.room.drain(), this.#sayFarewell()]).then(() => {});
    return this.#draining;
  }

  /** Drains, ends the intervals, and closes the store, which keeps what it can. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

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
    await this.#fanOut.stop();
    await Promise.all(this.#processors.map((processor) => processor.stop()));
    await this.#store.close();
  }

  async #sayFarewell(): Promise<void> {
    const farewells = Promise.allSettled([...this.#farewells].map(async (farewell) => farewell()));
    await new Promise<void>((resolve) => {
      const timer = this.clock.setTimer(this.context.drainTime, resolve);
      void farewells.then(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
