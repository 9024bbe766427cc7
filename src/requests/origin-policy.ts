import * as v from 'valibot';
import { quote, SessionError } from '../errors/session-error.js';
import { checkOptions, trueOrFalse } from '../validation/options.js';
import { isSameOrigin, type Origin, originOfHost, parseOrigin } from './origin.js';
import type { RequestHead } from './request-head.js';

/** Options of `OriginPolicy`. Each front includes them in its own options. */
export interface OriginOptions {
  /**
   * Origins of other sites whose pages may act with their visitor's cookie, such as `['https://app.example.com']` or
   * `['capacitor://localhost']`. The server's own pages always may. Behind a proxy that changes the `Host` header, the
   * public origin must be listed. Default none.
   */
  readonly trustedOrigins?: readonly string[];
  /** Whether browsers reach the server by HTTPS only, so that a page loaded by HTTP is another site. Default false. */
  readonly secure?: boolean;
}

/** Options for the handshake of a WebSocket or of Socket.IO. */
export interface HandshakeOriginOptions extends OriginOptions {
  /**
   * Whether requests without `Origin` are refused. Browsers send `Origin` with every WebSocket handshake, so a request
   * without it comes from an application or a script. Default false.
   */
  readonly requireOrigin?: boolean;
}

const listRule = 'must be an array of origins, such as ["https://app.example.com"]';
const originRule =
  'must be an origin as browsers send it, such as https://app.example.com: a scheme, a host and perhaps a port, without path, final slash, user or wildcard';

/** Schemes that no `Origin` header has: pages with these schemes have no origin, or an origin with another scheme. */
const neverSent: ReadonlySet<string> = new Set(['ws', 'wss', 'file', 'data', 'about', 'javascript']);

/**
 * Whether browsers can send this origin. Any other origin could never match: its page would be refused without a hint.
 */
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
 * If a request has `Origin`, it must be a listed origin or the server's own. If it has `Sec-Fetch-Site`, it must be
 * `same-origin` or `none`, unless the origin is listed. Sibling subdomains (`same-site`) count as other sites, because
 * a sibling may serve content that strangers wrote. A request with neither header passes, unless `requireOrigin` is
 * set: a page of another site can make a browser send such a request only as a GET or HEAD over plain HTTP.
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
   * Whether the origin is the server's own. Compares scheme, host and port instead of the text of `Origin` and `Host`,
   * because proxies forward `Host` with or without the default port. If HTTPS is used, an origin with HTTP does not
   * count: anyone on the network can forge a page that is loaded by HTTP.
   */
  #isOwn(origin: Origin, request: RequestHead): boolean {
    const needsHttps = this.#secure || request.isEncrypted;
    if (origin.scheme !== 'https' && (needsHttps || origin.scheme !== 'http')) return false;
    const own = originOfHost(origin.scheme, request.header('host'));
    return own !== undefined && isSameOrigin(own, origin);
  }
}

/** @param source the origin of the page, or its relation to this site, as the browser reports it */
function crossSite(source: string): SessionError {
  const quoted = quote(source);
  return new SessionError('CROSS_SITE', `The page that made this request belongs to another site: ${quoted}`, {
    origin: quoted,
  });
}
