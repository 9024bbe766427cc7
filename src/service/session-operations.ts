import type { Batch } from '../delivery/batch.js';
import { type PollOptions, requirePollRequest } from '../delivery/poll-request.js';
import type { CloseReason } from '../errors/close-reason.js';
import { invalidArgument, SessionError, sessionClosed } from '../errors/session-error.js';
import { serialiseMessage } from '../mailbox/message.js';
import { requireAttributeKey, requireCloseReason, requireSessionId, requireTtl } from '../store/session-arguments.js';
import type { AttributeTexts, SessionRecord } from '../store/session-record.js';
import type { AttributePatch, Contact, Renewal } from '../store/session-store.js';
import { isSessionId } from '../store/session-token.js';
import { toJsonText } from '../validation/json-value.js';
import { type PushReport, reportOutcomes } from './push-report.js';
import type { SessionRuntime } from './session-runtime.js';

export interface PushOptions {
  /** A newer message replaces an undelivered one with the same key. */
  readonly key?: string;
}

export interface RenewOptions {
  /** Another idle time after which the session expires, in milliseconds. Default: the one it has. */
  readonly ttl?: number;
  /** Whether this counts as activity; if not, it only shows that the client is there (`presence`). Default true. */
  readonly activity?: boolean;
}

/** What can be done to one session, checked, carried out and made known. Shared by the manager and its sessions. */
export class SessionOperations {
  readonly runtime: SessionRuntime;
  readonly app: string;

  constructor(runtime: SessionRuntime, app: string) {
    this.runtime = runtime;
    this.app = app;
  }

  async touch(id: string, options: RenewOptions): Promise<SessionRecord> {
    const { store, events } = this.runtime;
    const renewal = requireRenewal(options);
    const contact = await store.touch(this.app, requireSessionId(id), renewal);
    if (renewal.activity || renewal.ttl !== undefined) return this.contacted(contact);
    if (contact.cameOnline) events.emit('online', contact.record);
    return contact.record;
  }

  async look(id: string): Promise<SessionRecord> {
    return this.runtime.store.get(this.app, requireSessionId(id));
  }

  /** Makes a contact known. */
  contacted({ record, cameOnline }: Contact): SessionRecord {
    const { events } = this.runtime;
    events.emit('renewed', record);
    if (cameOnline) events.emit('online', record);
    return record;
  }

  patch(id: string, patch: AttributePatch): Promise<SessionRecord> {
    return this.runtime.store.patch(this.app, requireSessionId(id), patch);
  }

  async replace(newId: string, oldId: string): Promise<SessionRecord> {
    const { store, events } = this.runtime;
    if (newId === oldId) throw invalidArgument('oldId', 'must be the id of another session', oldId);
    const { record, closed } = await store.replace(this.app, requireSessionId(newId), requireSessionId(oldId));
    const { app, id, accountId } = record;
    events.emit('replaced', { app, id, accountId, oldId });
    events.emit('closed', closed);
    return record;
  }

  async close(id: string, reason: CloseReason): Promise<boolean> {
    const { store, events } = this.runtime;
    const checked = requireCloseReason(reason);
    const closed = isSessionId(id) ? await store.end(this.app, id, checked) : undefined;
    if (closed === undefined) return false;
    events.emit('closed', closed);
    return true;
  }

  async push(id: string, data: unknown, options: PushOptions): Promise<PushReport> {
    const { store, context, events } = this.runtime;
    const message = serialiseMessage(data, options.key, context.msgMaxBytes);
    const outcome = await store.append(this.app, requireSessionId(id), message);
    const report = reportOutcomes(events, [outcome]);
    if (outcome.verdict === 'close') throw sessionClosed('overflow');
    if (outcome.verdict === 'full') {
      const { msgMaxLength, mailboxMaxBytes } = context;
      const bounds = `msgMaxLength (${msgMaxLength}) messages or mailboxMaxBytes (${mailboxMaxBytes}) bytes`;
      throw new SessionError('MAILBOX_FULL', `The mailbox of session ${id} is full: it keeps ${bounds}`, { id });
    }
    return report;
  }

  /** Batches handed to code are handed over for good, so a drain is acknowledged at once. */
  async poll(id: string, options: PollOptions, signal: AbortSignal | undefined): Promise<Batch> {
    this.runtime.requireRunning();
    signal?.throwIfAborted();
    const request = requirePollRequest(options, this.runtime.context);
    return new Promise((resolve, reject) => {
      const settle = () => signal?.removeEventListener('abort', abort);
      const hangUp = this.runtime.room.poll(this.app, requireSessionId(id), undefined, request, {
        deliver: (batch, acknowledge) => {
          settle();
          acknowledge?.();
          resolve(batch);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      });
      const abort = () => {
        settle();
        hangUp();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort);
    });
  }
}

/** @throws SessionError `INVALID_ARGUMENT` */
function requireRenewal({ ttl, activity = true }: RenewOptions): Renewal {
  if (typeof activity !== 'boolean') throw invalidArgument('activity', 'must be true or false', activity);
  return { activity, ttl: ttl === undefined ? undefined : requireTtl(ttl) };
}

export const noAttributes: AttributeTexts = Object.freeze(Object.create(null));

/**
 * Attributes to set, and to delete where they are `null`.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireAttributePatch(attributes: unknown): AttributePatch {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    throw invalidArgument('attributes', 'must be an object', attributes);
  }
  const patch: Record<string, string | null> = Object.create(null);
  for (const [key, value] of Object.entries(attributes)) {
    const checked = requireAttributeKey(key);
    patch[checked] = value === null ? null : toJsonText(`attribute ${checked}`, value);
  }
  return patch;
}

/**
 * The attributes that a session begins with. One that is `null` is left out, as setting it to `null` deletes it.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function requireAttributes(attributes: unknown): AttributeTexts {
  const texts: Record<string, string> = Object.create(null);
  for (const [key, text] of Object.entries(requireAttributePatch(attributes))) if (text !== null) texts[key] = text;
  return Object.freeze(texts);
}
