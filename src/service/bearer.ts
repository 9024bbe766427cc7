import { sessionUnknown } from '../errors/session-error.js';
import { hashSecret, parseToken } from '../store/session-token.js';

/** A token in the form that stores accept: with the hash of its secret. No store sees the secret. */
export interface Bearer {
  readonly id: string;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

/** Returns `undefined` for a value that does not have the form of a token. */
export function bearerOf(token: unknown): Bearer | undefined {
  const parts = parseToken(token);
  return parts && { id: parts.id, secretHash: hashSecret(parts.secret) };
}

/** @throws SessionError `SESSION_UNKNOWN`: a malformed token is treated like an unknown token */
export function requireBearer(token: unknown): Bearer {
  const bearer = bearerOf(token);
  if (bearer === undefined) throw sessionUnknown('unknown');
  return bearer;
}
