import { injectable } from 'inversify';
import type { CloseReason } from '../errors/close-reason.js';
import { reportFault } from '../errors/fault-report.js';
import { invalidArgument, type UnknownToken } from '../errors/session-error.js';
import { NodeMeasures } from '../measures/node-measures.js';
import type { ClosedSession, SessionRecord, SessionReference } from '../store/session-record.js';
import type { AppendOutcome, LimitedLogin } from '../store/session-store.js';
import { eventChannels } from './event-channels.js';
import { SessionCounts } from './session-counts.js';

/** A request whose bearer was refused. Contains no token. */
export interface RefusedBearer {
  readonly app: string;
  /** The id in the token, whether or not there is such a session; `undefined` if the token contains no id. */
  readonly id: string | undefined;
  /**
   * `unknown`: no session is known for this token. `wrong-secret`: the session exists, but has another secret.
   * `rotated`: the token was valid until the latest rotation. `other-client`: the application's `ClientPolicy` refused
   * the client. `closed`: the session of the token was closed. `cross-site`: a page of another site made the request.
   */
  readonly kind: UnknownToken | 'closed' | 'cross-site';
  /** For the kind `closed`: the reason why the session was closed. */
  readonly reason: CloseReason | undefined;
  /** Address of the client, cut to 64 characters; empty if the front does not know it. */
  readonly ip: string;
  /** Cut to 512 characters; empty if there is none. */
  readonly userAgent: string;
}

/** Act of an operator in the console. Contains no message and no token. */
export interface OperatorAct {
  readonly app: string;
  /** The name that the console's guard returned for the operator. */
  readonly operator: string;
  readonly act: 'revoke' | 'revoke-others' | 'close-account' | 'push';
  /** The session that the act specified; `undefined` for an act on an account. */
  readonly id: string | undefined;
  /** The account that the act concerned; `undefined` if it is not known, such as for a session that has ended. */
  readonly accountId: string | undefined;
  /**
   * `failed`: the act was refused, or the store was unavailable. In the latter case it may still have been carried out.
   */
  readonly outcome: 'done' | 'failed';
  /** Number of sessions that were closed, or of mailboxes that keep the message. */
  readonly count: number;
  /** When the act ended, in milliseconds since the Unix epoch. */
  readonly at: number;
  /** Address of the operator; empty if the front does not know it. */
  readonly ip: string;
}

/** The payload of each event. */
export interface SessionEventMap {
  created: SessionRecord;
  /** A login reached the limit of its account. The events `closed` of each evicted session, and `created`, follow. */
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
  /**
   * A push did not fit into a mailbox. `verdict` is the outcome, `dropped` the number of messages that were dropped.
   */
  overflow: AppendOutcome;
  /** An operator closed sessions or pushed a message in the console, or tried to. */
  audit: OperatorAct;
}

/** The names of events. */
export type SessionEvent = keyof SessionEventMap;
/** Called with the payload of an event. An error that it throws is reported, and does not affect other listeners. */
export type SessionListener<Event extends SessionEvent> = (payload: SessionEventMap[Event]) => void;

type Listeners = { [Event in SessionEvent]?: Set<SessionListener<Event>> };

/** Name under which listeners subscribe to the events of all apps. Not a valid name of an app. */
export const everyApp = '*';

/**
 * Typed events, per app. Listeners run after the operation that caused the event, in the order of their subscription.
 * An exception or rejection of a listener is reported as a process warning. It affects neither the operation nor the
 * other listeners.
 */
@injectable()
export class SessionEvents {
  readonly counts = new SessionCounts();
  /** Measures of the work of this node other than events. */
  readonly measures = new NodeMeasures();
  readonly #apps = new Map<string, Listeners>();

  /** @throws SessionError `INVALID_ARGUMENT` for an event that does not exist, or for a listener that is no function */
  on<Event extends SessionEvent>(app: string, event: Event, listener: SessionListener<Event>): void {
    if (!Object.hasOwn(eventChannels, event)) {
      throw invalidArgument('event', `must be one of ${Object.keys(eventChannels).join(', ')}`, event);
    }
    if (typeof listener !== 'function') throw invalidArgument('listener', 'must be a function', listener);
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
    // Callers choose the names of apps. Without this, the map would keep every app that ever had a listener.
    if (Object.keys(listeners).length === 0) this.#apps.delete(app);
  }

  emit<Event extends SessionEvent>(event: Event, payload: SessionEventMap[Event]): void {
    this.counts.add(event, payload);
    const channel = eventChannels[event];
    if (channel.isHeard) channel.publish(payload);
    this.#notify(this.#apps.get(payload.app)?.[event], payload);
    this.#notify(this.#apps.get(everyApp)?.[event], payload);
  }

  #notify<Payload>(listeners: ReadonlySet<(payload: Payload) => unknown> | undefined, payload: Payload): void {
    if (listeners === undefined || listeners.size === 0) return;
    // Defer the calls: a listener may call the manager, which must have finished the operation by then.
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
