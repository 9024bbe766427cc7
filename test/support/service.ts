import type { ExecutionContext } from 'ava';
import { Container } from 'inversify';
import { ManualClock } from '../../src/conformance/manual-clock.js';
import { WaitingRoom } from '../../src/delivery/waiting-room.js';
import {
  Clock,
  MemoryStore,
  SessionContext,
  type SessionContextOptions,
  SessionError,
  type SessionErrorCode,
  type SessionEvent,
  type SessionEventMap,
  SessionManager,
  SessionStore,
  type StoreBinding,
  sessionModule,
} from '../../src/index.js';

type EventEntry = { [Event in SessionEvent]: readonly [Event, SessionEventMap[Event]] }[SessionEvent];

/** The events that a manager's listeners received, in order. */
export class EventLog {
  readonly #entries: EventEntry[] = [];

  constructor(manager: SessionManager) {
    manager.on('created', (payload) => this.#entries.push(['created', payload]));
    manager.on('renewed', (payload) => this.#entries.push(['renewed', payload]));
    manager.on('rotated', (payload) => this.#entries.push(['rotated', payload]));
    manager.on('replaced', (payload) => this.#entries.push(['replaced', payload]));
    manager.on('closed', (payload) => this.#entries.push(['closed', payload]));
    manager.on('online', (payload) => this.#entries.push(['online', payload]));
    manager.on('away', (payload) => this.#entries.push(['away', payload]));
    manager.on('overflow', (payload) => this.#entries.push(['overflow', payload]));
  }

  get entries(): readonly EventEntry[] {
    return this.#entries;
  }

  get names(): readonly SessionEvent[] {
    return this.#entries.map(([name]) => name);
  }

  /** The name and the session of each event. */
  get trace(): readonly string[] {
    return this.#entries.map(([name, payload]) => `${name} ${payload.id}`);
  }

  of<Event extends SessionEvent>(event: Event): readonly SessionEventMap[Event][] {
    const payloads: SessionEventMap[Event][] = [];
    for (const entry of this.#entries) if (isOf(event, entry)) payloads.push(entry[1]);
    return payloads;
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

function isOf<Event extends SessionEvent>(
  event: Event,
  entry: readonly [SessionEvent, unknown],
): entry is readonly [Event, SessionEventMap[Event]] {
  return entry[0] === event;
}

export interface ServiceOptions {
  readonly store?: StoreBinding;
  readonly clock?: ManualClock;
}

export interface Service {
  readonly container: Container;
  readonly manager: SessionManager;
  readonly clock: ManualClock;
  readonly events: EventLog;
  readonly room: WaitingRoom;
}

/** Starts a service on the memory store with a clock that the test advances. It stops when the test ends. */
export async function startService(
  t: ExecutionContext,
  context: SessionContextOptions = {},
  { store, clock = new ManualClock() }: ServiceOptions = {},
): Promise<Service> {
  const container = new Container();
  container.bind(Clock).toConstantValue(clock);
  container.load(sessionModule(context, store));
  const manager = await container.getAsync(SessionManager);
  t.teardown(() => container.unbindAllAsync());
  return { container, manager, clock, events: new EventLog(manager), room: container.get(WaitingRoom) };
}

/** Binds a store that the test creates: a memory store with a fault, or one whose answers the test delays. */
export function bindStore(make: (context: SessionContext, clock: Clock) => MemoryStore): StoreBinding {
  return (options) => options.bind(SessionStore).toResolvedValue(make, [SessionContext, Clock]).inSingletonScope();
}

/** Asserts that a promise rejects with a `SessionError` of this code, and returns the error. */
export async function throwsCode<Code extends SessionErrorCode>(
  t: ExecutionContext,
  promise: PromiseLike<unknown> | (() => PromiseLike<unknown>),
  code: Code,
): Promise<{ [Each in Code]: SessionError<Each> }[Code]> {
  try {
    await (typeof promise === 'function' ? promise() : promise);
  } catch (error) {
    if (SessionError.is(error, code)) {
      t.pass();
      return error;
    }
    throw error;
  }
  throw new Error(`expected ${code}, but the promise resolved`);
}
