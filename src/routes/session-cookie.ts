import { invalidArgument } from '../errors/session-error.js';
import { sessionCookieName } from '../requests/cookies.js';
import type { IssuedSession } from '../service/session.js';
import { warnOfInsecureCookie } from './insecure-cookie.js';

/**
 * Writes the cookie that contains the token: `sid`, or `__Host-sid` with `Secure` if `secure` is set. The cookie is
 * always `HttpOnly`, `SameSite=Lax` and `Path=/`.
 */
export class SessionCookie {
  readonly name: string;
  readonly #secure: boolean;
  readonly #attributes: string;

  constructor({ secure }: { readonly secure: boolean }) {
    this.name = sessionCookieName(secure);
    this.#secure = secure;
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  /**
   * Returns the `Set-Cookie` header of a login. The cookie lasts for the session's `maxAge`, or, if that is 0, until
   * the browser is closed.
   * @throws SessionError `INVALID_ARGUMENT` for a session without its token, such as one of `authenticate`
   */
  set(session: IssuedSession): string {
    if (typeof session?.token !== 'string') {
      throw invalidArgument('session', 'must be what createSession or rotateToken returns', typeof session);
    }
    if (!this.#secure) warnOfInsecureCookie(this.name);
    const maxAge = session.maxAge === 0 ? '' : `; Max-Age=${Math.ceil(session.maxAge / 1000)}`;
    return `${this.name}=${session.token}; ${this.#attributes}${maxAge}`;
  }

  /** Returns the `Set-Cookie` header of a logout, which deletes the cookie. */
  clear(): string {
    return `${this.name}=; ${this.#attributes}; Max-Age=0`;
  }
}
