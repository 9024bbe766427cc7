import { inspect } from 'node:util';
import type { Batch } from '../delivery/batch.js';
import type { CloseReason } from '../errors/close-reason.js';
import { requireAttributeKey } from '../store/session-arguments.js';
import type { AttributeTexts, Presence, SessionRecord } from '../store/session-record.js';
import type { JsonValue } from '../validation/json-value.js';
import type { KnownClient } from './client-policy.js';
import type { PushOptions } from './push-message.js';
import type { PushReport } from './push-report.js';
import type { RenewOptions } from './renewal.js';

/** What of a session may be shown: no attributes, no secret. */
export type SessionDescription = Omit<SessionRecord, 'attributes' | 'generation'>;

/** The methods of the session's `SessionManager` that its own verbs call. Here, because a manager imports this file. */
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

/** What `Session.drain` takes. */
export interface DrainOptions {
  /** Which of the session's readers takes the messages. Default: `default`. */
  readonly reader?: string;
  /** How many messages to take at most. Default and most: `msgMaxLength`. */
  readonly limit?: number;
}

/**
 * A session as it was at one moment, with methods that change it in the store. Such a method updates this object with
 * what it found and changed; changes by others are not seen until the next one, or `reload`.
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
   * @param previousTime the last activity before the contact that gave this record. Default: none gave it
   * @param previousClient the latest client before that contact, if it came from another
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
   * The last activity before the authentication that gave this object, in milliseconds since the Unix epoch. The same as
   * `lastTime` was then if no authentication gave it.
   */
  get previousTime(): number {
    return this.#previousTime;
  }

  /**
   * How many rotations had ended what earlier tokens opened when this object was made. Never changes: it says which token
   * gave this object.
   */
  get generation(): number {
    return this.#generation;
  }

  /** Whether a rotation since this object was made ended what its token had opened, as far as this object knows. */
  get isRotated(): boolean {
    return this.#record.generation > this.#generation;
  }

  /** Idle time after which the session expires, in milliseconds. */
  get ttl(): number {
    return this.#record.ttl;
  }

  /** Lifetime from creation, in milliseconds; 0 for none. */
  get maxAge(): number {
    return this.#record.maxAge;
  }

  /** The client's address as it was given at creation; `''` if it was not. */
  get ip(): string {
    return this.#record.ip;
  }

  /** The client's user agent as it was given at creation; `''` if it was not. */
  get userAgent(): string {
    return this.#record.userAgent;
  }

  /** The client's address at the latest authentication that named one; until then that of the creation. */
  get lastIp(): string {
    return this.#record.lastIp;
  }

  /** The client's user agent at the latest authentication that named one; until then that of the creation. */
  get lastUserAgent(): string {
    return this.#record.lastUserAgent;
  }

  /** The client before, if the authentication that gave this object came from another and was compared: see `ClientPolicy`. */
  get previousClient(): KnownClient | undefined {
    return this.#previousClient;
  }

  /** When the user last proved who they are, in milliseconds since the Unix epoch: at the creation, or since. */
  get authenticatedAt(): number {
    return this.#record.authenticatedAt;
  }

  /** How long ago that was, in milliseconds, by the later of this node's clock and the latest contact with the store. */
  get authenticationAge(): number {
    return Math.max(0, Math.max(this.#manager.now, this.#record.lastTime) - this.#record.authenticatedAt);
  }

  /** How strong that proof was, 0 to 255, on a scale of the application's. */
  get level(): number {
    return this.#record.level;
  }

  /** How often the session was authenticated. */
  get reads(): number {
    return this.#record.reads;
  }

  /** How often attributes were written. */
  get writes(): number {
    return this.#record.writes;
  }

  /** `online` while a poll is held or the last contact is younger than `hbGrace`; else `away`. */
  get presence(): Presence {
    return this.#record.presence;
  }

  /** How many messages the mailbox keeps. */
  get undelivered(): number {
    return this.#record.undelivered;
  }

  /** The value of an attribute, parsed anew at each call; `undefined` when there is none. */
  getAttr(key: string): JsonValue | undefined {
    const text = this.#record.attributes[key];
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** All attributes as the store keeps them: JSON text by key, frozen, without a prototype. */
  get attributeTexts(): AttributeTexts {
    return this.#record.attributes;
  }

  /** The values of all attributes by key, parsed anew at each call. */
  getAllAttr(): Record<string, JsonValue> {
    const entries = Object.entries(this.#record.attributes);
    return Object.fromEntries(entries.map(([key, text]) => [key, JSON.parse(text)]));
  }

  /**
   * Sets one attribute in the store, where the others stay as they are; `null` deletes it.
   * @param key 1 to 128 characters, none of them a control character
   * @throws SessionError `INVALID_ARGUMENT` for a key or a value that can't be kept
   */
  async setAttr(key: string, value: JsonValue): Promise<void> {
    this.#take(await this.#manager.patchSession(this.id, { [requireAttributeKey(key)]: value }));
  }

  /**
   * Deletes one attribute; of no effect when there is none.
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
   * Takes undelivered messages out of the mailbox, at once: the batch is empty when there are none. What it returns is not
   * given to this reader again. It counts as a contact and, with `pollRenews`, as activity.
   * @throws SessionError `INVALID_ARGUMENT`
   */
  drain(options: DrainOptions = {}): Promise<Batch> {
    return this.#manager.poll(this.id, { ...options, wait: 0 });
  }

  /** Updates this object from the store: neither a contact nor activity. */
  async reload(): Promise<void> {
    this.#take(await this.#manager.getSession(this.id));
  }

  /**
   * Renews the session: it was contacted and active now, unless the options say otherwise.
   * @throws SessionError `INVALID_ARGUMENT`
   */
  async touch(options: RenewOptions = {}): Promise<void> {
    this.#take(await this.#manager.renewSession(this.id, options));
  }

  /**
   * Takes over the attributes of the other session that this one does not have, and its undelivered messages, ahead of
   * its own. The other session is closed as `replaced`.
   * @param other a session of the same app, or its id
   * @throws SessionError `INVALID_ARGUMENT` when it is this session
   */
  async replace(other: Session | string): Promise<void> {
    this.#take(await this.#manager.replaceSession(this.id, typeof other === 'string' ? other : other.id));
  }

  /**
   * Closes the session. It never rejects because the session has ended.
   * @returns whether the session was live until now
   * @throws SessionError `INVALID_ARGUMENT`
   */
  close(reason: CloseReason = 'revoked'): Promise<boolean> {
    return this.#manager.closeSession(this.id, reason);
  }

  /** Logs the session out: closes it with the reason `logout`. @returns as `close` */
  destroy(): Promise<boolean> {
    return this.close('logout');
  }

  /** What `JSON.stringify` and `console.log` show. */
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

  /** The bearer secret: 64 letters and digits. Not part of JSON, nor of what `console.log` shows. */
  get token(): string {
    return this.#token;
  }
}
