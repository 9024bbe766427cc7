import { quote, SessionError } from '../errors/session-error.js';
import type { RequestFace } from './request-headers.js';

/**
 * Refuses requests that another site's page had a browser make (CSRF). Browsers say so themselves, in `Sec-Fetch-Site`
 * or, older ones, in `Origin`; requests with neither are not from a page. Sibling subdomains count as other sites,
 * unless they are trusted: one of them may serve what strangers wrote.
 * @throws SessionError `CROSS_SITE`
 */
export function requireOwnSite(request: RequestFace, trustedOrigins: ReadonlySet<string>): void {
  const origin = request.header('origin');
  if (origin !== undefined && trustedOrigins.has(origin)) return;
  const site = request.header('sec-fetch-site');
  const isOwn =
    site === undefined
      ? origin === undefined || isOfHost(origin, request.header('host'))
      : site === 'same-origin' || site === 'none';
  if (!isOwn) throw crossSite(origin ?? site);
}

/** @param site what the browser calls the page that made the request: its origin, or its relation to this one */
export function crossSite(site: string | undefined): SessionError {
  const quoted = quote(site);
  return new SessionError('CROSS_SITE', `A page of another site may not do this; it came from ${quoted}`, {
    origin: quoted,
  });
}

/**
 * Whether a page of the host that the request was sent to made it. Never of an origin such as `null`, not even for a
 * request that names no host.
 */
export function isOfHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}
