import { inspect } from 'node:util';
import type { Batch } from '../delivery/batch.js';
import type { CloseReason } from '../errors/close-reason.js';
import { requireAttributeKey } from '../store/session-arguments.js';
import type { AttributeTexts, Presence, SessionRecord } from '../store/session-record.js';
import { requireOptions } from '../validation/argument-rules.js';
import type { JsonValue } from '../validation/json-value.js';
import type { KnownClient } from './client-policy.js';
import type { PushOptions } from './push-message.js';
import type { PushReport } from './push-report.js';
import type { RenewOptions } from './renewal.js';

/** The public part of a session: no attributes, no secret. */
export type SessionDescription = Omit<SessionRecord, 'attributes' | 'generation'>;

/** The methods of `SessionManager` that a session calls. Declared here, because the manager imports this file. */
export interface SessionVerbs {
  readonly now: number;
  getSession(id: string): Promise<Session>;
  patchSession(id: string, attributes: { readonly [key: string]: JsonValue }): Promise<Session>;
  renewSession(id: string, options?: RenewOptions): Promise<Session>;
  replaceSession(newId: string, oldId: string): Promise<Session>;
  closeSession(id: string, reason?: CloseReason): Promise<boolean>;
  push(id: string, data: unknown, options?: PushOptions): Promise<PushReport>;
  poll(id: string, options?: DrainOptions & { readonly wait: number }): Promise<Batch>;
}

/** Options of `Session.drain`. */
export interface DrainOptions {
  /** The reader of the session that takes the messages. Default: `default`. */
  readonly reader?: string;
  /** Maximum number of messages to take. Default and maximum: `msgMaxLength`. */
  readonly limit?: number;
}

/**
 * The state of a session at one moment, with methods that change the session in the store. Such a method updates this
 * object with the state that it found and changed. Changes by others appear only at the next such call, or at `reload`.
 *
 * Every method that returns a promise rejects with `SESSION_CLOSED` or `SESSION_UNKNOWN` once the session has ended, with
 * `STOPPED` when the service is not running and with `STORE_UNAVAILABLE` when the store can't be reached.
 */
export class Session {
  readonly #manager: SessionVerbs;
  #record: SessionRecord;
  readonly #previousTime: number;
  readonly #generation: number;
  readonly #previousClient: KnownClient | undefined;

  /**
   * @param previousTime time of the last activity before the contact that gave this record. Default: no contact gave it
   * @param previousClient the latest client before that contact, if the contact came from another client
   */
  constructor(
    manager: SessionVerbs,
    record: SessionRecord,
    previousTime: number = record.lastTime,
    previousClient?: KnownClient,
  ) {
    this.#previousClient = previousClient;
    this.#manager = manager;
    this.#record = record;
    this.#previousTime = previousTime;
    this.#generation = record.generation;
  }

  /** The public handle, 24 letters and digits: safe in logs, lists and URLs, because it grants nothing. */
  get id(): string {
    return this.#record.id;
  }

  /** The namespace of the session. */
  get app(): string {
    return this.#record.app;
  }

  /** The account that the session is bound to. */
  get accountId(): string {
    return this.#record.accountId;
  }

  /** When the session was created, in milliseconds since the Unix epoch. */
  get createdAt(): number {
    return this.#record.createdAt;
  }

  /** The last activity, in milliseconds since the Unix epoch. */
  get lastTime(): number {
    return this.#record.lastTime;
  }

  /**
   * The last activity before the authentication that gave this object, in milliseconds since the Unix epoch. If no
   * authentication gave it: the `lastTime` with which it was created.
   */
  get previousTime(): number {
    return this.#previousTime;
  }

  /**
   * Number of rotations that had ended the connections of earlier tokens when this object was created. Never changes:
   * it identifies the token that gave this object.
   */
  get generation(): number {
    return this.#generation;
  }

  /** Whether a later rotation has ended the connections of this object's token, as far as this object knows. */
  get isRotated(): boolean {
    return this.#record.generation > this.#generation;
  }

  /** Idle time after which the session expires, in milliseconds. */
  get ttl(): number {
    return this.#record.ttl;
  }

  /** Lifetime from creation, in milliseconds; 0 for no limit. */
  get maxAge(): number {
    return this.#record.maxAge;
  }

  /** The client's address at creation; `''` if none was given. */
  get ip(): string {
    return this.#record.ip;
  }

  /** The client's user agent at creation; `''` if none was given. */
  get userAgent(): string {
    return this.#record.userAgent;
  }

  /** The client's address at the latest authentication with an address; until then the address at creation. */
  get lastIp(): string {
    return this.#record.lastIp;
  }

  /** The client's user agent at the latest authentication with a user agent; until then the user agent at creation. */
  get lastUserAgent(): string {
    return this.#record.lastUserAgent;
  }

  /** The client before the authentication that gave this object, if it came from another client. See `ClientPolicy`. */
  get previousClient(): KnownClient | undefined {
    return this.#previousClient;
  }

  /** Time of the user's last proof of identity, in milliseconds since the Unix epoch: the creation, or a later time. */
  get authenticatedAt(): number {
    return this.#record.authenticatedAt;
  }

  /** Milliseconds since `authenticatedAt`, until the time of this node's clock or `lastTime`, whichever is later. */
  get authenticationAge(): number {
    return Math.max(0, Math.max(this.#manager.now, this.#record.lastTime) - this.#record.authenticatedAt);
  }

  /** Strength of the last proof of identity, 0 to 255, on a scale that the application defines. */
  get level(): number {
    return this.#record.level;
  }

  /** Number of authentications of the session. */
  get reads(): number {
    return this.#record.reads;
  }

  /** Number of writes of attributes. */
  get writes(): number {
    return this.#record.writes;
  }

  /** `online` while a poll is held or the last contact is younger than `hbGrace`; else `away`. */
  get presence(): Presence {
    return this.#record.presence;
  }

  /** Number of messages that the mailbox keeps. */
  get undelivered(): number {
    return this.#record.undelivered;
  }

  /** The value of an attribute; `undefined` when there is none. Each call parses it again. */
  getAttr(key: string): JsonValue | undefined {
    const text = this.#record.attributes[key];
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** All attributes in the form of the store: JSON text by key, frozen, without a prototype. */
  get attributeTexts(): AttributeTexts {
    return this.#record.attributes;
  }

  /** The values of all attributes by key. Each call parses them again. */
  getAllAttr(): Record<string, JsonValue> {
    const entries = Object.entries(this.#record.attributes);
    return Object.fromEntries(entries.map(([key, text]) => [key, JSON.parse(text)]));
  }

  /**
   * Sets one attribute in the store; `null` deletes it. The other attributes stay as they are.
   * @param key 1 to 128 characters, none of them a control character
   * @throws SessionError `INVALID_ARGUMENT` for a key or a value that can't be kept
   */
  async setAttr(key: string, value: JsonValue): Promise<void> {
    this.#take(await this.#manager.patchSession(this.id, { [requireAttributeKey(key)]: value }));
  }

  /**
   * Deletes one attribute. Has no effect when there is none.
   * @throws SessionError `INVALID_ARGUMENT` for a key that no attribute can have
   */
  async removeAttr(key: string): Promise<void> {
    await this.setAttr(key, null);
  }

  /**
   * Puts a message into the session's mailbox.
   * @param data any JSON value of at most `msgMaxBytes` bytes
   * @throws SessionError `INVALID_ARGUMENT`, `MESSAGE_TOO_LARGE` or, depending on `onOverflow`, `MAILBOX_FULL`
   */
  write(data: unknown, options: PushOptions = {}): Promise<PushReport> {
    return this.#manager.push(this.id, data, options);
  }

  /**
   * Takes undelivered messages out of the mailbox immediately: the batch is empty when there are none. The messages are
   * not given to this reader again. Counts as a contact and, with `pollRenews`, as activity.
   * @throws SessionError `INVALID_ARGUMENT`
   */
  async drain(options: DrainOptions = {}): Promise<Batch> {
    return this.#manager.poll(this.id, { ...requireOptions(options, { reader: true, limit: true }), wait: 0 });
  }

  /** Updates this object from the store. Counts neither as contact nor as activity. */
  async reload(): Promise<void> {
    this.#take(await this.#manager.getSession(this.id));
  }

  /**
   * Renews the session: records a contact and, unless the options exclude it, activity.
   * @throws SessionError `INVALID_ARGUMENT`
   */
  async touch(options: RenewOptions = {}): Promise<void> {
    this.#take(await this.#manager.renewSession(this.id, options));
  }

  /**
   * Takes over the attributes of the other session that this session does not have, and its undelivered messages, in
   * front of the messages of this session. Closes the other session as `replaced`.
   * @param other a session of the same app, or its id
   * @throws SessionError `INVALID_ARGUMENT` when it is this session
   */
  async replace(other: Session | string): Promise<void> {
    this.#take(await this.#manager.replaceSession(this.id, typeof other === 'string' ? other : other.id));
  }

  /**
   * Closes the session. Does not reject if the session has already ended.
   * @returns whether the session was live until now
   * @throws SessionError `INVALID_ARGUMENT`
   */
  close(reason: CloseReason = 'revoked'): Promise<boolean> {
    return this.#manager.closeSession(this.id, reason);
  }

  /** Logs the session out: closes it with the reason `logout`. @returns like `close` */
  destroy(): Promise<boolean> {
    return this.close('logout');
  }

  /** The content for `JSON.stringify` and `console.log`. */
  toJSON(): SessionDescription {
    const { attributes: _attributes, generation: _generation, ...description } = this.#record;
    return description;
  }

  [inspect.custom](): string {
    return `${this.constructor.name} ${inspect(this.toJSON())}`;
  }

  #take(current: Session): void {
    this.#record = current.#record;
  }
}

/** A session whose token was just issued. This object is the only place where the token can be read. */
export class IssuedSession extends Session {
  readonly #token: string;

  constructor(manager: SessionVerbs, record: SessionRecord, token: string) {
    super(manager, record);
    this.#token = token;
  }

  /** The bearer secret: 64 letters and digits. Neither JSON nor the output of `console.log` contains it. */
  get token(): string {
    return this.#token;
  }
}
