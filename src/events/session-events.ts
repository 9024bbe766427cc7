import { injectable } from 'inversify';
import { reportFault } from '../errors/fault-report.js';
import type { ClosedSession, SessionRecord, SessionReference } from '../store/session-record.js';
import type { AppendOutcome } from '../store/session-store.js';

/** What each event tells its listeners. */
export interface SessionEventMap {
  created: SessionRecord;
  /** Authentication or a touch extended the session's life. Polls do so silently. */
  renewed: SessionRecord;
  rotated: SessionRecord;
  /** `id` took over from `oldId`; the `closed` of the old one follows. */
  replaced: SessionReference & { readonly oldId: string };
  closed: ClosedSession;
  online: SessionReference;
  away: SessionReference;
  /** A push met a full mailbox. `verdict` says what became of it, `dropped` how many messages were dropped for it. */
  overflow: AppendOutcome;
}

export type SessionEvent = keyof SessionEventMap;
export type SessionListener<Event extends SessionEvent> = (payload: SessionEventMap[Event]) => void;

type Listeners = { [Event in SessionEvent]?: Set<SessionListener<Event>> };

/** No app can be called so: a listener under this name hears of all apps. */
export const everyApp = '*';

/**
 * Typed events, per app. Listeners run after the operation that caused the event, in order, each by itself: one that
 * throws or rejects is reported as a process warning and harms neither the operation nor the others.
 */
@injectable()
export class SessionEvents {
  readonly #apps = new Map<string, Listeners>();

  on<Event extends SessionEvent>(app: string, event: Event, listener: SessionListener<Event>): void {
    let listeners = this.#apps.get(app);
    if (listeners === undefined) {
      listeners = {};
      this.#apps.set(app, listeners);
    }
    const set: Set<SessionListener<Event>> = listeners[event] ?? new Set();
    set.add(listener);
    Object.assign(listeners, { [event]: set });
  }

  off<Event extends SessionEvent>(app: string, event: Event, listener: SessionListener<Event>): void {
    const listeners = this.#apps.get(app);
    const set = listeners?.[event];
    if (listeners === undefined || set?.delete(listener) !== true || set.size > 0) return;
    delete listeners[event];
    // Apps are named by callers; one without listeners must not be kept for ever.
    if (Object.keys(listeners).length === 0) this.#apps.delete(app);
  }

  emit<Event extends SessionEvent>(event: Event, payload: SessionEventMap[Event]): void {
    this.#tell(this.#apps.get(payload.app)?.[event], payload);
    this.#tell(this.#apps.get(everyApp)?.[event], payload);
  }

  #tell<Payload>(listeners: ReadonlySet<(payload: Payload) => unknown> | undefined, payload: Payload): void {
    if (listeners === undefined || listeners.size === 0) return;
    // Not at once: a listener that calls back into the manager must find the operation finished.
    queueMicrotask(() => {
      for (const listener of [...listeners]) call(listener, payload);
    });
  }
}

function call<Payload>(listener: (payload: Payload) => unknown, payload: Payload): void {
  try {
    const result = listener(payload);
    if (result instanceof Promise) result.catch((error) => reportFault('A session event listener rejected', error));
  } catch (error) {
    reportFault('A session event listener threw', error);
  }
}
