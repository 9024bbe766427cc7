import * as v from 'valibot';
import { SessionError } from '../../../errors/session-error.js';
import { requireAttributes } from '../../../service/attributes.js';
import { requireAccountId, requireIp } from '../../../store/session-arguments.js';
import type { AdoptedSession } from '../../../store/token-aliases.js';
import { mostSeconds, readApp, readData, readToken } from '../class/call-arguments.js';
import { toMilliseconds } from '../class/session-replies.js';

const second = 1_000;
/** Position in a token of redis-sessions at which its time of creation begins, in base 36. */
const creationStart = 56;

const count = v.pipe(v.string(), v.regex(/^[0-9]{1,15}$/, 'is no number'), v.transform(Number));
/**
 * redis-sessions 4 stores a ttl with decimals as it was given. It compares the ttl with whole seconds, so the decimals
 * have no effect.
 */
const seconds = v.pipe(
  v.string(),
  v.regex(/^[0-9]{1,21}(?:\.[0-9]+)?$/, 'is no number'),
  v.transform((text) => Math.min(Math.floor(Number(text)), mostSeconds)),
);

/** A session as redis-sessions stores it: a hash with times in seconds. */
const fieldsSchema = v.object({
  id: v.string('is missing'),
  r: count,
  w: count,
  ttl: seconds,
  la: count,
  ip: v.optional(v.string(), ''),
  d: v.optional(v.string()),
  no_resave: v.optional(v.string()),
});

export interface OldSession {
  readonly app: string;
  readonly token: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Decision of the import about an old session. */
export type ImportVerdict =
  | { readonly kind: 'live'; readonly session: AdoptedSession }
  | { readonly kind: 'expired' }
  | { readonly kind: 'unusable'; readonly why: string };

/** Converts an old session. @param now milliseconds since the Unix epoch */
export function judge({ app, token, fields }: OldSession, now: number): ImportVerdict {
  // The index still names the session, but its hash has been removed.
  if (Object.keys(fields).length === 0) return { kind: 'expired' };
  const result = v.safeParse(fieldsSchema, fields);
  if (!result.success) {
    const [issue] = result.issues;
    return { kind: 'unusable', why: `${v.getDotPath(issue) ?? 'the session'} ${issue.message}` };
  }
  const { id, r, w, ttl, la, ip, d, no_resave } = result.output;
  const life = toMilliseconds(ttl);
  const lastTime = la * second;
  if (lastTime + life <= now) return { kind: 'expired' };
  try {
    const createdAt = Math.min(creationOf(token), lastTime);
    // A session with `no_resave` keeps its end, which activity does not extend.
    const maxAge = no_resave === '1' ? lastTime + life - createdAt : 0;
    return {
      kind: 'live',
      session: {
        app: readApp(app),
        accountId: requireAccountId(id),
        ip: requireIp(ip),
        userAgent: '',
        ttl: maxAge === 0 ? life : maxAge,
        maxAge,
        createdAt,
        lastTime,
        // Counters of redis-sessions start at 1.
        reads: Math.max(0, r - 1),
        writes: Math.max(0, w - 1),
        attributes: attributesOf(d),
      },
    };
  } catch (error) {
    return { kind: 'unusable', why: error instanceof Error ? error.message : String(error) };
  }
}

export function isToken(token: string): boolean {
  try {
    readToken(token);
    return true;
  } catch {
    return false;
  }
}

function creationOf(token: string): number {
  const time = Number.parseInt(token.slice(creationStart), 36);
  return Number.isSafeInteger(time) ? time : Number.MAX_SAFE_INTEGER;
}

/** @throws RedisSessionsError, SessionError for data that `set` would refuse */
function attributesOf(d: string | undefined): AdoptedSession['attributes'] {
  if (d === undefined || d === '' || d === '{}') return requireAttributes({});
  let data: unknown;
  try {
    data = JSON.parse(d);
  } catch (error) {
    throw new SessionError(
      'INVALID_ARGUMENT',
      'd is no JSON',
      { argument: 'd', rule: 'is no JSON', value: '' },
      { cause: error },
    );
  }
  return requireAttributes(readData(data));
}
