import { isPlainText } from '../validation/argument-rules.js';

/** The client that sent a request, as shown in the account's list of devices. */
export interface RequestClient {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** Maximum length of an IP address: enough for any IPv6 address with a zone. */
const maxIpLength = 64;

/**
 * Reads the client from the request that Express keeps with its session object. Session objects of other frameworks
 * have no such request. For them the result is empty.
 */
export function clientOf(session: object): RequestClient {
  const request: unknown = 'req' in session ? session.req : undefined;
  if (typeof request !== 'object' || request === null) return {};
  const ip: unknown = 'ip' in request ? request.ip : undefined;
  const headers: unknown = 'headers' in request ? request.headers : undefined;
  const hasUserAgent = typeof headers === 'object' && headers !== null && 'user-agent' in headers;
  const userAgent: unknown = hasUserAgent ? headers['user-agent'] : undefined;
  return {
    // A proxy may send a text that is not an address. The login must not fail because of it.
    ...(isPlainText(ip, maxIpLength) ? { ip } : {}),
    ...(typeof userAgent === 'string' ? { userAgent } : {}),
  };
}
