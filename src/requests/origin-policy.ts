import type { IncomingMessage } from 'node:http';
import { invalidArgument, SessionError } from '../errors/session-error.js';
import { crossSite, isOfHost } from './cross-site.js';

export interface OriginOptions {
  /**
   * Origins of other sites whose pages may connect, as browsers send them, such as `https://app.example.com` or
   * `capacitor://localhost`. The server's own pages always may: those whose origin has the host of the request's `Host`
   * header. Behind a proxy that rewrites `Host`, the public origin must be named here. Default none.
   */
  readonly trustedOrigins?: readonly string[];
  /**
   * Refuse requests without an `Origin`. Every browser sends one with a WebSocket handshake, so a request without one
   * was not made by a page, but by an application or a script of whoever holds the credential. Default false.
   */
  readonly requireOrigin?: boolean;
}

/**
 * Refuses to be connected by another site's page (cross-site WebSocket hijacking): browsers send cookies along whoever
 * asks, and neither CORS nor the same-origin policy is asked about a WebSocket.
 */
export class OriginPolicy {
  readonly #trusted: ReadonlySet<string>;
  readonly #requireOrigin: boolean;

  /** @throws SessionError `INVALID_ARGUMENT` */
  constructor({ trustedOrigins = [], requireOrigin = false }: OriginOptions) {
    if (!Array.isArray(trustedOrigins)) throw invalidArgument('trustedOrigins', 'must be an array', trustedOrigins);
    for (const origin of trustedOrigins) requireOriginText(origin);
    if (typeof requireOrigin !== 'boolean') {
      throw invalidArgument('requireOrigin', 'must be true or false', requireOrigin);
    }
    this.#trusted = new Set(trustedOrigins);
    this.#requireOrigin = requireOrigin;
  }

  /** @throws SessionError `CROSS_SITE` */
  require(request: IncomingMessage): void {
    const { origin } = request.headers;
    if (origin === undefined) this.#requireNoPage(request);
    else if (!this.#trusted.has(origin) && !isOwn(origin, request)) throw crossSite(origin);
  }

  /** An image or a form of another site sends no `Origin` with some requests, but tells where it is from. */
  #requireNoPage(request: IncomingMessage): void {
    const site = request.headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw crossSite(String(site));
    if (this.#requireOrigin) {
      throw new SessionError('CROSS_SITE', 'The request must say in Origin which page made it', { origin: '' });
    }
  }
}

/** Over TLS a page that was loaded without it is another origin, which whoever sits in between can write. */
function isOwn(origin: string, request: IncomingMessage): boolean {
  const isEncrypted = 'encrypted' in request.socket && request.socket.encrypted === true;
  return isOfHost(origin, request.headers.host) && (!isEncrypted || origin.startsWith('https:'));
}

const originForm = /^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]+$/;

/** One that no browser would send could never fit, and its page would be refused without a hint why. */
function requireOriginText(origin: unknown): void {
  const isHttp = typeof origin === 'string' && /^https?:/.test(origin);
  const isSent = isHttp ? URL.canParse(origin) && new URL(origin).origin === origin : originForm.test(String(origin));
  if (typeof origin === 'string' && isSent) return;
  throw invalidArgument(
    'trustedOrigins',
    'must hold origins as browsers send them, such as https://app.example.com',
    origin,
  );
}
