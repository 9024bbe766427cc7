import type { SessionContext } from '../context/session-context.js';
import type { SessionEvents } from '../events/session-events.js';
import { requireIp, requireLevel, requireTtl, requireUserAgent } from '../store/session-arguments.js';
import { type AttributeTexts, defaultLevel, type NewSession } from '../store/session-record.js';
import type { Insertion } from '../store/session-store.js';
import { type OptionNames, requireOptions, requireWholeNumber } from '../validation/argument-rules.js';
import type { JsonValue } from '../validation/json-value.js';
import { noAttributes, requireAttributes } from './attributes.js';

/** Initial values of a new session, in addition to its account. */
export interface CreateOptions {
  /** Address of the client: at most 64 characters. Default `''`. */
  readonly ip?: string;
  /** Cut to 512 characters. Default `''`. */
  readonly userAgent?: string;
  /** JSON values by key. Default: none. */
  readonly attributes?: { readonly [key: string]: JsonValue };
  /** Idle time after which the session expires, in milliseconds. Default: the context's `gcTime`. */
  readonly ttl?: number;
  /** Lifetime from creation, in milliseconds; 0 for no limit. Default: the context's `maxAge`. */
  readonly maxAge?: number;
  /**
   * Maximum number of live sessions of this account, including the new session, for example by role or plan; 0 for no
   * limit. Default: the context's `maxSession`. It is checked now and not stored: pass it at each login of the account.
   */
  readonly maxSession?: number;
  /**
   * Strength of the login, 0 to 255, on a scale that the application defines, such as 0 for a remembered user, 1 for a
   * password, 2 for a second factor. Default 1.
   */
  readonly level?: number;
}

const optionNames: OptionNames<CreateOptions> = {
  ip: true,
  userAgent: true,
  attributes: true,
  ttl: true,
  maxAge: true,
  maxSession: true,
  level: true,
};

/**
 * Returns a new session with these options. The defaults are values of the context.
 * @param texts attributes as JSON texts, which are not checked; they replace the attributes of the options
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function newSession(
  { app, id, accountId, secretHash }: Pick<NewSession, 'app' | 'id' | 'accountId' | 'secretHash'>,
  options: CreateOptions,
  context: SessionContext,
  texts?: AttributeTexts,
): NewSession {
  const { ip, userAgent, ttl, maxAge, maxSession, level, attributes } = requireOptions(options, optionNames);
  // Copy field by field: a spread of the identity would cost V8 four microseconds, a quarter of a login.
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

/** Emits the events of an insertion: first of the evicted sessions, then of the created session. */
export function reportInsertion(events: SessionEvents, { evicted, record }: Insertion): void {
  for (const closed of evicted) events.emit('closed', closed);
  events.emit('created', record);
}
