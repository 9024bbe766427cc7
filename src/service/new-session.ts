import type { SessionContext } from '../context/session-context.js';
import type { SessionEvents } from '../events/session-events.js';
import { requireIp, requireLevel, requireTtl, requireUserAgent } from '../store/session-arguments.js';
import { type AttributeTexts, defaultLevel, type NewSession } from '../store/session-record.js';
import type { Insertion } from '../store/session-store.js';
import { requireOptions, requireWholeNumber } from '../validation/argument-rules.js';
import type { JsonValue } from '../validation/json-value.js';
import { noAttributes, requireAttributes } from './attributes.js';

/** What a new session starts with, beside its account. */
export interface CreateOptions {
  /** Address of the client: at most 64 characters. Default `''`. */
  readonly ip?: string;
  /** Cut to 512 characters. Default `''`. */
  readonly userAgent?: string;
  /** JSON values by key. Default: none. */
  readonly attributes?: { readonly [key: string]: JsonValue };
  /** Idle time after which the session expires, in milliseconds. Default: the context's `gcTime`. */
  readonly ttl?: number;
  /** Lifetime from creation, in milliseconds; 0 for none. Default: the context's `maxAge`. */
  readonly maxAge?: number;
  /**
   * Live sessions that this account may hold, the new one included, such as by its role or plan; 0 for no limit. Default:
   * the context's `maxSession`. Judged now and not kept: give it at each login of the account.
   */
  readonly maxSession?: number;
  /**
   * How strong the login was, 0 to 255, on a scale of the application's, such as 0 for a remembered user, 1 for a password,
   * 2 for a second factor. Default 1.
   */
  readonly level?: number;
}

/**
 * A new session with these options, defaults filled in from the context.
 * @param texts attributes as JSON texts, which are not checked, in the place of those of the options
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function newSession(
  { app, id, accountId, secretHash }: Pick<NewSession, 'app' | 'id' | 'accountId' | 'secretHash'>,
  options: CreateOptions,
  context: SessionContext,
  texts?: AttributeTexts,
): NewSession {
  const { ip, userAgent, ttl, maxAge, maxSession, level, attributes } = requireOptions(options);
  // Field by field: to spread the identity would cost V8 four microseconds, a quarter of a login.
  return {
    app,
    id,
    accountId,
    secretHash,
    ip: ip === undefined ? '' : requireIp(ip),
    userAgent: userAgent === undefined ? '' : requireUserAgent(userAgent),
    ttl: ttl === undefined ? context.gcTime : requireTtl(ttl),
    maxSession:
      maxSession === undefined
        ? context.maxSession
        : requireWholeNumber('maxSession', maxSession, 0, Number.MAX_SAFE_INTEGER),
    maxAge: maxAge === undefined ? context.maxAge : requireWholeNumber('maxAge', maxAge, 0, Number.MAX_SAFE_INTEGER),
    level: level === undefined ? defaultLevel : requireLevel(level),
    attributes: texts ?? (attributes === undefined ? noAttributes : requireAttributes(attributes)),
  };
}

/** Emits the events of an insertion: the sessions evicted for it, then the session created. */
export function reportInsertion(events: SessionEvents, { evicted, record }: Insertion): void {
  for (const closed of evicted) events.emit('closed', closed);
  events.emit('created', record);
}
