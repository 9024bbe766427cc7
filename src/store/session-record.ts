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
  /** The time of the last activity. The idle time runs from here. */
  readonly lastTime: number;
  /** Idle time after which the session expires, in milliseconds. */
  readonly ttl: number;
  /** Lifetime from creation, in milliseconds; 0 for no limit. */
  readonly maxAge: number;
  /** Empty when it was not given. */
  readonly ip: string;
  /** Empty when it was not given. */
  readonly userAgent: string;
  /** The address and the user agent of the latest authentication that named them; until one does, those of the creation. */
  readonly lastIp: string;
  readonly lastUserAgent: string;
  /** When the user last proved who they are: at the creation, or at a later reauthentication. */
  readonly authenticatedAt: number;
  /** How strong that proof was, 0 to 255, on a scale of the application's. 1 when none was given. */
  readonly level: number;
  readonly attributes: AttributeTexts;
  /** How many rotations have ended what earlier tokens had opened: polls, streams and sockets. */
  readonly generation: number;
  /** How often the session was authenticated. */
  readonly reads: number;
  /** How often its attributes were written. */
  readonly writes: number;
  readonly presence: Presence;
  /** How many messages the mailbox retains. */
  readonly undelivered: number;
}

/** The fields that a caller supplies for a new session. The store initialises the rest. */
export interface NewSession
  extends Pick<SessionRecord, 'app' | 'id' | 'accountId' | 'ip' | 'userAgent' | 'ttl' | 'maxAge' | 'attributes'> {
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
  /** Live sessions that the account may hold, this one included; 0 for no limit. Judged at the insertion, not stored. */
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
  /** How many messages were lost with it. */
  readonly undelivered: number;
}
