import { injectable } from 'inversify';
import type { CloseReason } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import type { UnknownToken } from '../errors/session-error.js';
import type { ClosedSession, SessionRecord, SessionReference } from '../store/session-record.js';
import type { AppendOutcome, LimitedLogin } from '../store/session-store.js';
import { SessionCounts } from './session-counts.js';

/** A request whose bearer was refused. Contains no token. */
export interface RefusedBearer {
  readonly app: string;
  /** The id that the token names, whether there is such a session or not; `undefined` when the token names none. */
  readonly id: string | undefined;
  /**
   * `unknown`: no session is known by this token. `wrong-secret`: there is such a session, and the secret is not its own.
   * `rotated`: the token was valid until the latest rotation. `other-client`: the application's `ClientPolicy` refused the client. `closed`: the token is that of a session that was closed.
   * `cross-site`: a page of another site made the request.
   */
  readonly kind: UnknownToken | 'closed' | 'cross-site';
  /** Why the session was closed, with the kind `closed`. */
  readonly reason: CloseReason | undefined;
  /** Address of the client, cut to 64 characters; empty where the front does not know it. */
  readonly ip: string;
  /** Cut to 512 characters; empty when there is none. */
  readonly userAgent: string;
}

/** The payload of each event. */
export interface SessionEventMap {
  created: SessionRecord;
  /** A login met its account's limit. `closed` of each evicted session, and `created`, follow. */
  limit: LimitedLogin;
  /** An authentication or a touch renewed the session. A poll renews without this event. */
  renewed: SessionRecord;
  rotated: SessionRecord;
  /** The session `id` replaced `oldId`. The event `closed` of the old session follows. */
  replaced: SessionReference & { readonly oldId: string };
  closed: ClosedSession;
  /** A request showed a token that was refused. */
  refused: RefusedBearer;
  online: SessionReference;
  away: SessionReference;
  /** A push did not fit into a mailbox. `verdict` is what happened to it, `dropped` how many messages were dropped. */
  overflow: AppendOutcome;
}

/** The names of events. */
export type SessionEvent = keyof SessionEventMap;
/** Called with what an event tells. An error that it throws is reported, and reaches no other listener. */
export type SessionListener<Event extends SessionEvent> = (payload: SessionEventMap[Event]) => void;

type Listeners = { [Event in SessionEvent]?: Set<SessionListener<Event>> };

/** Subscribes to the events of all apps. Not a valid name of an app. */
export const everyApp = '*';

/**
 * Typed events, per app. Listeners run after the operation that caused the event, in the order of their subscription.
 * An exception or rejection of a listener is reported as a process warning. It affects neither the operation nor the
 * other listeners.
 */
@injectable()
export class SessionEvents {
  readonly counts = new SessionCounts();
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
    // Callers name apps. Without this, apps that had a listener once would pile up.
    if (Object.keys(listeners).length === 0) this.#apps.delete(app);
  }

  emit<Event extends SessionEvent>(event: Event, payload: SessionEventMap[Event]): void {
    this.counts.add(event, payload);
    this.#notify(this.#apps.get(payload.app)?.[event], payload);
    this.#notify(this.#apps.get(everyApp)?.[event], payload);
  }

  #notify<Payload>(listeners: ReadonlySet<(payload: Payload) => unknown> | undefined, payload: Payload): void {
    if (listeners === undefined || listeners.size === 0) return;
    // Deferred, because a listener may call the manager, which must have finished the operation.
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
