import { sessionUnknown } from '../errors/session-error.js';
import { hashSecret, parseToken } from '../store/session-token.js';

/** A token as stores take it: its secret is hashed here, and no store sees it. */
export interface Bearer {
  readonly id: string;
  /** SHA-256 of the secret, base64url. */
  readonly secretHash: string;
}

/** `undefined` for a value that does not have the shape of a token. */
export function bearerOf(token: unknown): Bearer | undefined {
  const parts = parseToken(token);
  return parts && { id: parts.id, secretHash: hashSecret(parts.secret) };
}

/** @throws SessionError `SESSION_UNKNOWN`: a malformed token is answered like an unknown one */
export function requireBearer(token: unknown): Bearer {
  const bearer = bearerOf(token);
  if (bearer === undefined) throw sessionUnknown('unknown');
  return bearer;
}
