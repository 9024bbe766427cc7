import { sessionUnknown } from '../errors/session-error.js';
import { hashSecret, parseToken } from '../store/session-token.js';

/** Who a token claims to be, as a store checks it: the token's secret is hashed here and goes no further. */
export interface Bearer {
  readonly id: string;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

/** `undefined` for anything that has not the shape of a token. */
export function bearerOf(token: unknown): Bearer | undefined {
  const parts = parseToken(token);
  return parts && { id: parts.id, secretHash: hashSecret(parts.secret) };
}

/** @throws SessionError `SESSION_UNKNOWN`, as for a well-formed token of no session: the answer tells no one the shape */
export function requireBearer(token: unknown): Bearer {
  const bearer = bearerOf(token);
  if (bearer === undefined) throw sessionUnknown();
  return bearer;
}
