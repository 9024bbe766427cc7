import { quote, SessionError } from '../core/session-error.js';

/**
 * Whether a page of the host that the request was sent to made it. Never of an origin such as `null`, not even for a
 * request that names no host.
 */
export function isOfHost(origin: string, host: string | undefined): boolean {
  return host !== undefined && URL.canParse(origin) && new URL(origin).host === host;
}

/** @param site what the browser calls the page that made it: its origin, or its relation to this one */
export function crossSite(site: string | undefined): SessionError {
  const quoted = quote(site);
  return new SessionError('CROSS_SITE', `A page of another site may not do this; it came from ${quoted}`, {
    origin: quoted,
  });
}
