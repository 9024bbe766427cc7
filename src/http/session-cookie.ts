import { inject, injectable } from 'inversify';
import { sessionCookieName } from '../requests/cookies.js';
import type { IssuedSession } from '../service/session.js';
import { SessionHttpOptions } from './session-http-options.js';

/**
 * Writes the cookie that carries the token: `sid`, or `__Host-sid` with `Secure` where the option `secure` is set. Always
 * `HttpOnly`, `SameSite=Lax` and `Path=/`.
 */
@injectable()
export class SessionCookie {
  readonly name: string;
  readonly #attributes: string;

  constructor(@inject(SessionHttpOptions) options: SessionHttpOptions) {
    this.name = sessionCookieName(options.secure);
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
  }

  /** Value of the `Set-Cookie` header of a login. The cookie lasts for the session's `maxAge`, else until the browser ends. */
  set(session: IssuedSession): string {
    const maxAge = session.maxAge === 0 ? '' : `; Max-Age=${Math.ceil(session.maxAge / 1000)}`;
    return `${this.name}=${session.token}; ${this.#attributes}${maxAge}`;
  }

  /** Value of the `Set-Cookie` header of a logout: deletes the cookie. */
  clear(): string {
    return `${this.name}=; ${this.#attributes}; Max-Age=0`;
  }
}
