import assert from 'node:assert/strict';
import {
  type Batch,
  type CloseReason,
  type Cursor,
  type Message,
  type NewSession,
  type OutgoingMessage,
  type ReadRequest,
  type ReadResult,
  type Renewal,
  type SessionContextOptions,
  SessionError,
  type SessionErrorCode,
  type SessionRecord,
  type SessionStore,
  type StoreListener,
} from '../index.js';
import { hashSecret, newId, newSecret } from '../store/session-token.js';
import type { StoreSetup } from './store-setup.js';

export type RecordedNotice =
  | {
      readonly kind: 'appended';
      readonly app: string;
      readonly id: string;
      epoch: string;
      message: Message;
      before: number;
    }
  | { readonly kind: 'changed'; readonly app: string; readonly id: string }
  | { readonly kind: 'closed'; readonly app: string; readonly id: string; reason: CloseReason }
  | { readonly kind: 'rotated'; readonly app: string; readonly id: string; generation: number }
  | { readonly kind: 'superseded'; readonly app: string; readonly id: string; reader: string; ticket: number }
  | { readonly kind: 'missed' };

/** A session that a test created. */
export interface TrialSession {
  readonly id: string;
  readonly accountId: string;
  readonly secretHash: string;
  readonly record: SessionRecord;
}

/** A cursor. The proof may be left out if the trial has seen this place. */
export type PartialCursor = Pick<Cursor, 'epoch' | 'offset'> & Partial<Cursor>;

export type TrialRead = Partial<Omit<ReadRequest, 'after'>> & { readonly after?: PartialCursor | '' | undefined };

export type LoginOptions = Partial<Omit<NewSession, 'secretHash' | 'accountId'>>;

export const app = 'default';

/** The renewal of an ordinary request. */
export const renewal: Renewal = { activity: true, ttl: undefined };

/** Milliseconds to wait for a notice from a store that sends it over a network. */
const noticePatience = 10_000;

/** An opened store, with helpers for tests. */
export class Trial implements StoreListener {
  readonly store: SessionStore;
  readonly notices: RecordedNotice[] = [];
  /** Proofs by `<epoch>.<offset>`. */
  readonly #proofs = new Map<string, number>();
  readonly #setup: StoreSetup;
  readonly #unit: number;
  readonly #context: SessionContextOptions;

  constructor(setup: StoreSetup, unit: number, context: SessionContextOptions) {
    this.store = setup.store;
    this.#setup = setup;
    this.#unit = unit;
    this.#context = context;
  }

  close(): Promise<void> {
    return this.#setup.close();
  }

  /** Lets time pass, in units of `timeUnit`. */
  pass(units: number): Promise<void> {
    return this.#setup.advance(units * this.#unit);
  }

  /** Returns the fields of a new session of this account, with defaults. */
  newSession(accountId: string, options: LoginOptions = {}): NewSession {
    const namespace = options.app ?? app;
    return {
      app: namespace,
      id: newId(this.store.idPrefix(namespace, accountId)),
      accountId,
      secretHash: hashSecret(newSecret()),
      ip: '',
      userAgent: '',
      ttl: this.#context.gcTime ?? 0,
      maxAge: this.#context.maxAge ?? 0,
      maxSession: this.#context.maxSession ?? 0,
      attributes: Object.create(null),
      ...options,
    };
  }

  async login(accountId = 'alice', options: LoginOptions = {}): Promise<TrialSession> {
    const session = this.newSession(accountId, options);
    const { record } = await this.store.insert(session);
    return { id: session.id, accountId, secretHash: session.secretHash, record };
  }

  /** Appends the values one after the other. */
  async push(id: string, ...values: readonly unknown[]): Promise<void> {
    for (const value of values) {
      const { verdict } = await this.store.append(app, id, outgoing(value));
      assert.equal(verdict, 'accepted');
    }
  }

  async read(id: string, request: TrialRead = {}): Promise<ReadResult> {
    const defaults: ReadRequest = {
      reader: 'default',
      after: '',
      limit: 1_000,
      wait: 0,
      secretHash: undefined,
      generation: undefined,
      ticket: 1,
    };
    const { after } = { ...defaults, ...request };
    const proven = typeof after === 'object' ? this.cursor(after) : after;
    const result = await this.store.read(app, id, { ...defaults, ...request, after: proven });
    this.#remember(result.epoch, 0, 0);
    this.#remember(result.epoch, result.offset, result.proof);
    for (const { offset, at } of result.messages) this.#remember(result.epoch, offset, at);
    return result;
  }

  acknowledge(id: string, reader: string, place: PartialCursor): Promise<void> {
    return this.store.acknowledge(app, id, reader, this.cursor(place));
  }

  /** Returns the cursor of a place that this trial has seen in a read or a notice. */
  cursor({ epoch, offset, proof = this.#proofs.get(`${epoch}.${offset}`) }: PartialCursor): Cursor {
    if (proof !== undefined) return { epoch, offset, proof };
    assert.ok(!this.#proofs.has(`${epoch}.0`), `the trial has not seen the message at ${offset}`);
    return { epoch, offset, proof: 1 };
  }

  #remember(epoch: string, offset: number, proof: number): void {
    this.#proofs.set(`${epoch}.${offset}`, proof);
  }

  /** Parks the reader at the tail. */
  async park(id: string, reader = 'default', wait = 1_000 * this.#unit): Promise<ReadResult> {
    const { epoch, offset } = await this.read(id, { reader });
    const result = await this.read(id, { reader, after: { epoch, offset }, wait });
    assert.equal(result.parked, true, 'a reader at the tail is parked');
    return result;
  }

  /** Sweeps until no more sessions are due. */
  async sweep(limit = 100): ReturnType<Trial['sweepOnce']> {
    const all = [];
    for (;;) {
      const { items, more } = await this.store.sweep(limit);
      all.push(...items);
      if (!more) return all;
    }
  }

  async sweepOnce(limit: number) {
    return [...(await this.store.sweep(limit)).items];
  }

  /** Judges the presence until no more sessions are due. Returns the ids of the sessions that were reported away. */
  async judge(limit = 100): Promise<string[]> {
    const ids: string[] = [];
    for (;;) {
      const { items, more } = await this.store.judgePresence(limit);
      ids.push(...items.map((item) => item.id));
      if (!more) return ids;
    }
  }

  /** Resolves to the next notice of this kind for this session, past or future. Returns each notice only once. */
  async notice(kind: 'appended' | 'changed' | 'closed' | 'rotated', id: string): Promise<RecordedNotice> {
    const giveUpAt = performance.now() + noticePatience;
    for (;;) {
      const index = this.notices.findIndex((notice) => notice.kind === kind && notice.id === id);
      const [found] = index === -1 ? [] : this.notices.splice(index, 1);
      if (found !== undefined) return found;
      assert.ok(performance.now() < giveUpAt, `no notice '${kind}' of the session came`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  appended(namespace: string, id: string, epoch: string, message: Message, before: number): void {
    this.#remember(epoch, message.offset, message.at);
    this.notices.push({ kind: 'appended', app: namespace, id, epoch, message, before });
  }

  changed(namespace: string, id: string): void {
    this.notices.push({ kind: 'changed', app: namespace, id });
  }

  closed(namespace: string, id: string, reason: CloseReason): void {
    this.notices.push({ kind: 'closed', app: namespace, id, reason });
  }

  rotated(namespace: string, id: string, generation: number): void {
    this.notices.push({ kind: 'rotated', app: namespace, id, generation });
  }

  superseded(namespace: string, id: string, reader: string, ticket: number): void {
    this.notices.push({ kind: 'superseded', app: namespace, id, reader, ticket });
  }

  missed(): void {
    this.notices.push({ kind: 'missed' });
  }
}

export function outgoing(value: unknown, key?: string): OutgoingMessage {
  const json = JSON.stringify(value);
  return { json, bytes: Buffer.byteLength(json), key };
}

/** Returns the values of a batch, in order. */
export function valuesOf({ messages }: Pick<Batch, 'messages'>): unknown[] {
  return messages.map((message) => JSON.parse(message.json));
}

export function offsetsOf({ messages }: Pick<Batch, 'messages'>): number[] {
  return messages.map((message) => message.offset);
}

export async function rejectsWith(
  code: SessionErrorCode,
  operation: Promise<unknown>,
  details: object = {},
  text = '',
): Promise<void> {
  try {
    await operation;
  } catch (error) {
    assert.ok(SessionError.is(error), `${text} rejects with a SessionError, not with ${String(error)}`);
    assert.deepEqual({ code: error.code, ...error.details }, { code, ...error.details, ...details }, text);
    return;
  }
  assert.fail(`${text} resolved and should reject with ${code}`);
}

export function isUnknown(operation: Promise<unknown>, text = ''): Promise<void> {
  return rejectsWith('SESSION_UNKNOWN', operation, {}, text);
}

export function isClosed(reason: CloseReason, operation: Promise<unknown>, text = ''): Promise<void> {
  return rejectsWith('SESSION_CLOSED', operation, { reason }, text);
}

export async function allPages(
  store: SessionStore,
  limit: number,
  activeWithin?: number,
  between: () => Promise<void> = async () => {},
): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.listApp(app, { activeWithin, limit, cursor });
    assert.ok(page.records.length <= limit, 'a page is no longer than its limit');
    ids.push(...page.records.map((record) => record.id));
    cursor = page.cursor;
    await between();
  } while (cursor !== undefined);
  return ids;
}

export async function scanned(store: SessionStore, size: number): Promise<string[]> {
  const ids: string[] = [];
  for await (const chunk of store.scanApp(app, size)) {
    assert.ok(chunk.length <= size, 'a chunk is no longer than its size');
    ids.push(...chunk);
  }
  return ids;
}
