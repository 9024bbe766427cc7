import type { CloseReason } from '../errors/close-reason.js';

/** The level of a session that is created without one. */
export const defaultLevel = 1;

/** `online` while a poll is parked or the last contact is less than `hbGrace` ago; otherwise `away`. */
export type Presence = 'online' | 'away';

/** Attribute values as JSON text by key. Has no prototype. Immutable. */
export type AttributeTexts = { readonly [key: string]: string };

/** A copy of a session's state at one moment. Contains no credential. */
export interface SessionRecord {
  readonly app: string;
  /** The public handle. Grants no access. */
  readonly id: string;
  readonly accountId: string;
  /** All times are in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** The time of the last activity. The idle time starts here. */
  readonly lastTime: number;
  /** Idle time after which the session expires, in milliseconds. */
  readonly ttl: number;
  /** Lifetime from creation, in milliseconds; 0 for no limit. */
  readonly maxAge: number;
  /** Empty if none was given. */
  readonly ip: string;
  /** Empty if none was given. */
  readonly userAgent: string;
  /**
   * The address and the user agent of the latest authentication with this information. Until there is one, the values
   * of the creation.
   */
  readonly lastIp: string;
  readonly lastUserAgent: string;
  /** Time of the user's last proof of identity: the creation, or a later reauthentication. */
  readonly authenticatedAt: number;
  /** Strength of that proof, 0 to 255, on a scale that the application defines. 1 if none was given. */
  readonly level: number;
  readonly attributes: AttributeTexts;
  /** Number of rotations that have ended the polls, streams and sockets of earlier tokens. */
  readonly generation: number;
  /** Number of authentications of the session. */
  readonly reads: number;
  /** Number of writes of its attributes. */
  readonly writes: number;
  readonly presence: Presence;
  /** Number of messages that the mailbox retains. */
  readonly undelivered: number;
}

/** The fields that a caller supplies for a new session. The store initialises the rest. */
export interface NewSession
  extends Pick<SessionRecord, 'app' | 'id' | 'accountId' | 'ip' | 'userAgent' | 'ttl' | 'maxAge' | 'attributes'> {
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
  /** Maximum number of live sessions of the account, with this one; 0 for no limit. Checked at insert, not stored. */
  readonly maxSession: number;
  /** Default 1. */
  readonly level?: number;
}

/** Identifies a session and its account. */
export interface SessionReference {
  readonly app: string;
  readonly id: string;
  readonly accountId: string;
}

/** A session that was just closed. */
export interface ClosedSession extends SessionReference {
  readonly reason: CloseReason;
  /** Number of messages that were lost with the session. */
  readonly undelivered: number;
}
