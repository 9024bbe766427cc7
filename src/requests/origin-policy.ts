import * as v from 'valibot';
import { quote, SessionError } from '../errors/session-error.js';
import { checkOptions, trueOrFalse } from '../validation/options.js';
import { isSameOrigin, type Origin, originOfHost, parseOrigin } from './origin.js';
import type { RequestHead } from './request-head.js';

/** Options of `OriginPolicy`, which each front has among its own. */
export interface OriginOptions {
  /**
   * Origins of other sites whose pages may act with their visitor's cookie, such as `['https://app.example.com']` or
   * `['capacitor://localhost']`. The server's own pages always may. Behind a proxy that changes the `Host` header, the
   * public origin must be listed. Default none.
   */
  readonly trustedOrigins?: readonly string[];
  /** Whether browsers reach the server by HTTPS only: then a page that was loaded by HTTP is another site. Default false. */
  readonly secure?: boolean;
}

/** For the handshake of a WebSocket or of Socket.IO. */
export interface HandshakeOriginOptions extends OriginOptions {
  /**
   * Refuse requests that have no `Origin`. Browsers send one with every WebSocket handshake, so a request without one
   * comes from an application or a script. Default false.
   */
  readonly requireOrigin?: boolean;
}

const listRule = 'must be an array of origins, such as ["https://app.example.com"]';
const originRule =
  'must be an origin as browsers send it, such as https://app.example.com: a scheme, a host and perhaps a port, without path, final slash, user or wildcard';

/** The schemes of WebSockets and files: pages of these have no origin, or that of another scheme. */
const neverSent: ReadonlySet<string> = new Set(['ws', 'wss', 'file', 'data', 'about', 'javascript']);

/** What browsers never send could never match, and its page would be refused without a hint why. */
function canBeSent(text: string): boolean {
  const origin = parseOrigin(text);
  return origin !== undefined && !neverSent.has(origin.scheme);
}

export const originOptions = {
  secure: v.optional(trueOrFalse(), false),
  trustedOrigins: v.optional(v.array(v.pipe(v.string(originRule), v.check(canBeSent, originRule)), listRule), []),
};

export const handshakeOriginOptions = { ...originOptions, requireOrigin: v.optional(trueOrFalse(), false) };

/**
 * Refuses requests that a page of another site had a browser make: CSRF, and cross-site WebSocket hijacking. Browsers
 * send cookies with such requests too, and neither CORS nor the same-origin policy prevents a WebSocket.
 *
 * What the browser says of the page must fit: `Origin`, where it is sent, must be listed or the server's own, and
 * `Sec-Fetch-Site`, where it is sent, must be `same-origin` or `none`, unless the origin is listed. Sibling subdomains
 * (`same-site`) count as other sites, because one of them may serve what strangers wrote. A request with neither header
 * comes from no page of another site.
 */
export class OriginPolicy {
  readonly #trusted: readonly Origin[];
  readonly #secure: boolean;
  readonly #requireOrigin: boolean;

  /** @throws SessionError `INVALID_CONTEXT` */
  constructor(options: HandshakeOriginOptions = {}) {
    const checked = checkOptions({ front: 'OriginPolicy', known: handshakeOriginOptions }, options);
    this.#trusted = checked.trustedOrigins.flatMap((text) => parseOrigin(text) ?? []);
    this.#secure = checked.secure;
    this.#requireOrigin = checked.requireOrigin;
  }

  /** Whether pages of any other origin may act. */
  get hasTrusted(): boolean {
    return this.#trusted.length > 0;
  }

  /** Whether an origin is in `trustedOrigins`. @param text an `Origin` header */
  isTrusted(text: string): boolean {
    const origin = parseOrigin(text);
    return origin !== undefined && this.#trusted.some((trusted) => isSameOrigin(trusted, origin));
  }

  /** @throws SessionError `CROSS_SITE` */
  require(request: RequestHead): void {
    const text = request.header('origin');
    const origin = text === undefined ? undefined : parseOrigin(text);
    if (text !== undefined && this.isTrusted(text)) return;
    const site = request.header('sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') throw crossSite(text ?? site);
    if (text !== undefined && (origin === undefined || !this.#isOwn(origin, request))) throw crossSite(text);
    if (text === undefined && this.#requireOrigin) {
      throw new SessionError('CROSS_SITE', 'The request must have an Origin header', { origin: '' });
    }
  }

  /**
   * `Origin` and `Host` are compared in scheme, host and port, because proxies pass `Host` on with or without the
   * default port. Where HTTPS is used, anyone on the network can forge a page that is loaded by HTTP.
   */
  #isOwn(origin: Origin, request: RequestHead): boolean {
    const needsHttps = this.#secure || request.isEncrypted;
    if (origin.scheme !== 'https' && (needsHttps || origin.scheme !== 'http')) return false;
    const own = originOfHost(origin.scheme, request.header('host'));
    return own !== undefined && isSameOrigin(own, origin);
  }
}

/** @param source the origin of the page, or its relation to this site, as the browser says */
function crossSite(source: string): SessionError {
  const quoted = quote(source);
  return new SessionError('CROSS_SITE', `The page that made this request belongs to another site: ${quoted}`, {
    origin: quoted,
  });
}
