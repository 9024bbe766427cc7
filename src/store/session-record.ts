import type { CloseReason } from '../errors/close-reason.js';

/** `online` while a poll is parked or the last contact is younger than the grace; else `away`. */
export type Presence = 'online' | 'away';

/** Attribute values as JSON text by key, without a prototype. Never changed in place. */
export type AttributeTexts = { readonly [key: string]: string };

/** A session as a store shows it: a copy taken at one moment. Nothing in it proves who one is. */
export interface SessionRecord {
  readonly app: string;
  /** The public handle. */
  readonly id: string;
  readonly accountId: string;
  /** All times are in milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** Last activity: the idle clock runs from here. */
  readonly lastTime: number;
  /** Idle time after which the session expires, in milliseconds. */
  readonly ttl: number;
  /** Lifetime from creation, in milliseconds; 0 for none. */
  readonly maxAge: number;
  /** Empty when it was not given. */
  readonly ip: string;
  /** Empty when it was not given. */
  readonly userAgent: string;
  readonly attributes: AttributeTexts;
  /** How often the session was authenticated. */
  readonly reads: number;
  /** How often its attributes were written. */
  readonly writes: number;
  readonly presence: Presence;
  /** Messages that the mailbox retains. */
  readonly undelivered: number;
}

/** What a session needs to come into being. The rest begins at its beginning. */
export interface NewSession
  extends Pick<SessionRecord, 'app' | 'id' | 'accountId' | 'ip' | 'userAgent' | 'ttl' | 'maxAge' | 'attributes'> {
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

/** Which session, and whose. */
export interface SessionReference {
  readonly app: string;
  readonly id: string;
  readonly accountId: string;
}

/** What is left to say of a session that was just closed. */
export interface ClosedSession extends SessionReference {
  readonly reason: CloseReason;
  /** Messages that went with it. */
  readonly undelivered: number;
}
