import { inspect } from 'node:util';
import type { Batch } from '../delivery/batch.js';
import type { CloseReason } from '../errors/close-reason.js';
import { requireAttributeKey } from '../store/session-arguments.js';
import type { AttributeTexts, Presence, SessionRecord } from '../store/session-record.js';
import { type JsonValue, toJsonText } from '../validation/json-value.js';
import type { PushReport } from './push-report.js';
import type { RenewOptions, SessionOperations } from './session-operations.js';

/** What of a session may be shown: no attributes, no secret. */
export type SessionDescription = Omit<SessionRecord, 'attributes'>;

/**
 * A session as it was at one moment, with verbs that write through to the store; what a verb returns or changes is
 * then seen here, what others do meanwhile is not. Verbs reject with `SESSION_CLOSED` or `SESSION_UNKNOWN` once it ended.
 */
export class Session {
  readonly #operations: SessionOperations;
  #record: SessionRecord;
  readonly #previousTime: number;

  /** @param previousTime the last activity before the contact that this is a snapshot of, if it is of one */
  constructor(operations: SessionOperations, record: SessionRecord, previousTime: number = record.lastTime) {
    this.#operations = operations;
    this.#record = record;
    this.#previousTime = previousTime;
  }

  /** The public handle: safe in logs, lists and URLs. */
  get id(): string {
    return this.#record.id;
  }

  get app(): string {
    return this.#record.app;
  }

  get accountId(): string {
    return this.#record.accountId;
  }

  /** Milliseconds since the Unix epoch, as all times are. */
  get createdAt(): number {
    return this.#record.createdAt;
  }

  /** Last activity. */
  get lastTime(): number {
    return this.#record.lastTime;
  }

  /** Last activity before the authentication that gave this session; else the same as `lastTime` was then. */
  get previousTime(): number {
    return this.#previousTime;
  }

  /** Idle time after which the session expires, in milliseconds. */
  get ttl(): number {
    return this.#record.ttl;
  }

  /** Lifetime from creation, in milliseconds; 0 for none. */
  get maxAge(): number {
    return this.#record.maxAge;
  }

  get ip(): string {
    return this.#record.ip;
  }

  get userAgent(): string {
    return this.#record.userAgent;
  }

  /** How often the session was authenticated. */
  get reads(): number {
    return this.#record.reads;
  }

  /** How often its attributes were written. */
  get writes(): number {
    return this.#record.writes;
  }

  get presence(): Presence {
    return this.#record.presence;
  }

  /** Messages that the mailbox retains. */
  get undelivered(): number {
    return this.#record.undelivered;
  }

  /** The value, parsed anew at each call, or `undefined` when there is none. */
  getAttr(key: string): JsonValue | undefined {
    const text = this.#record.attributes[key];
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** All attributes as they are kept: JSON text by key. */
  get attributeTexts(): AttributeTexts {
    return this.#record.attributes;
  }

  getAllAttr(): Record<string, JsonValue> {
    const entries = Object.entries(this.#record.attributes);
    return Object.fromEntries(entries.map(([key, text]) => [key, JSON.parse(text)]));
  }

  /**
   * Sets one attribute and leaves the others as they are; `null` deletes it.
   * @throws SessionError `INVALID_ARGUMENT` for a key or a value that can't be kept
   */
  async setAttr(key: string, value: JsonValue): Promise<void> {
    const checked = requireAttributeKey(key);
    const text = value === null ? null : toJsonText(`attribute ${checked}`, value);
    this.#record = await this.#operations.patch(this.id, { [checked]: text });
  }

  async removeAttr(key: string): Promise<void> {
    await this.setAttr(key, null);
  }

  /**
   * Pushes a message to this session.
   * @throws SessionError `INVALID_ARGUMENT`, `MESSAGE_TOO_LARGE` or, by `onOverflow`, `MAILBOX_FULL`
   */
  write(data: unknown, options: { readonly key?: string } = {}): Promise<PushReport> {
    return this.#operations.push(this.id, data, options);
  }

  /** Takes what is undelivered out of the mailbox: what is returned is not given again to this reader. */
  drain(options: { readonly reader?: string; readonly limit?: number } = {}): Promise<Batch> {
    return this.#operations.poll(this.id, { ...options, wait: 0 }, undefined);
  }

  /** Looks again, without renewing: what others did meanwhile is then seen here too. */
  async reload(): Promise<void> {
    this.#record = await this.#operations.look(this.id);
  }

  /** Renews: activity and contact now, unless told otherwise. */
  async touch(options: RenewOptions = {}): Promise<void> {
    this.#record = await this.#operations.touch(this.id, options);
  }

  /** Takes over from another session: its attributes where this has none, and its undelivered messages. */
  async replace(other: Session | string): Promise<void> {
    this.#record = await this.#operations.replace(this.id, typeof other === 'string' ? other : other.id);
  }

  /** @returns whether it was still live */
  close(reason: CloseReason = 'revoked'): Promise<boolean> {
    return this.#operations.close(this.id, reason);
  }

  /** The bearer's own farewell: closes as `logout`. */
  destroy(): Promise<boolean> {
    return this.close('logout');
  }

  toJSON(): SessionDescription {
    const { attributes: _attributes, ...description } = this.#record;
    return description;
  }

  [inspect.custom](): string {
    return `${this.constructor.name} ${inspect(this.toJSON())}`;
  }
}

/** A session whose token was just issued: the only time it can be had. */
export class IssuedSession extends Session {
  readonly #token: string;

  constructor(operations: SessionOperations, record: SessionRecord, token: string) {
    super(operations, record);
    this.#token = token;
  }

  /** The bearer secret. Kept out of JSON and of what `console.log` shows. */
  get token(): string {
    return this.#token;
  }
}
