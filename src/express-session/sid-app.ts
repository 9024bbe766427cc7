import type { Cancellable, PollOptions, PollReceiver } from '../delivery/poll-request.js';
import type { StreamOptions, StreamReceiver } from '../delivery/stream-request.js';
import { invalidArgument, SessionError, sessionUnknown } from '../errors/session-error.js';
import type { StreamedApp } from '../routes/event-route.js';
import { onceKnown } from '../routes/poll-once-known.js';
import type { PolledApp } from '../routes/polled-app.js';
import type { RefusedRequest } from '../service/refused-bearer.js';
import { requireManager } from '../service/require-manager.js';
import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';

/** Finds the session of a sid; implemented by `SessionMailboxStore`. */
export interface SessionsOfSids {
  /** Returns the session of a sid, or `undefined` if there is none that is live. */
  sessionOf(sid: string): Promise<Session | undefined>;
}

/**
 * The mailboxes for the routes, with sids instead of tokens. express-session has checked the signature of the cookie
 * with the sid. Visitor sessions and login sessions are in different apps.
 */
export class SidApp implements PolledApp, StreamedApp {
  readonly #manager: SessionManager;
  readonly #sessions: SessionsOfSids;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor(manager: SessionManager, sessions: SessionsOfSids) {
    this.#manager = requireManager(manager);
    if (typeof sessions?.sessionOf !== 'function') {
      throw invalidArgument('sessions', 'must be a SessionMailboxStore', typeof sessions);
    }
    this.#sessions = sessions;
  }

  /** @throws SessionError `SESSION_UNKNOWN`, `STORE_UNAVAILABLE` */
  async authenticate(sid: string): Promise<Session> {
    const session = await this.#sessions.sessionOf(sid);
    if (session === undefined) throw sessionUnknown();
    return session;
  }

  pollAsBearer(sid: string, options: PollOptions, receiver: PollReceiver): Cancellable {
    return onceKnown(
      this.authenticate(sid),
      ({ id, app }) => this.#manager.inApp(app).pollInto(id, options, receiver),
      receiver,
    );
  }

  streamAsBearer(sid: string, options: StreamOptions, receiver: StreamReceiver): Cancellable {
    return onceKnown(
      this.authenticate(sid),
      ({ id, app }) => this.#manager.inApp(app).streamInto(id, options, receiver),
      receiver,
    );
  }

  async acknowledgeAsBearer(sid: string, reader: string, cursor: string): Promise<void> {
    const { id, app } = await this.authenticate(sid);
    await this.#manager.inApp(app).acknowledge(id, reader, cursor);
  }

  /**
   * Reports only requests from pages of another site. No other refusal concerns a sid: express-session treats an
   * unknown sid like none, and gives the request a new one. A sid is a secret, so no part of it is reported.
   */
  reportRefused(error: unknown, { ip, userAgent }: RefusedRequest): void {
    if (SessionError.is(error, 'CROSS_SITE')) this.#manager.reportRefused(error, { ip, userAgent });
  }
}
