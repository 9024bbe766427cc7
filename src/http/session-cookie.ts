import { inject, injectable } from 'inversify';
import { sessionCookieName, tokenInCookies } from '../requests/cookies.js';
import type { IssuedSession } from '../service/session.js';
import { SessionHttpOptions } from './session-http-options.js';

/**
 * The cookie that carries the token: `sid`, or `__Host-sid` with `Secure` where configured, which no subdomain and no
 * page loaded without TLS can plant. Always `HttpOnly`, `SameSite=Lax` and `Path=/`.
 */
@injectable()
export class SessionCookie {
  readonly name: string;
  readonly #attributes: string;

  constructor(@inject(SessionHttpOptions) options: SessionHttpOptions) {
    this.name = sessionCookieName(options.secure);
    this.#attributes = `Path=/; HttpOnly; SameSite=Lax${options.secure ? '; Secure' : ''}`;
  }

  /** Value of a `Set-Cookie` header that hands the token to the browser, for as long as the session may last. */
  set(session: IssuedSession): string {
    const maxAge = session.maxAge === 0 ? '' : `; Max-Age=${Math.ceil(session.maxAge / 1000)}`;
    return `${this.name}=${session.token}; ${this.#attributes}${maxAge}`;
  }

  /** Value of a `Set-Cookie` header that takes the token back. */
  clear(): string {
    return `${this.name}=; ${this.#attributes}; Max-Age=0`;
  }

  /** @param header the request's `Cookie` header */
  read(header: string | undefined): string | undefined {
    return tokenInCookies(header, this.name);
  }
}
