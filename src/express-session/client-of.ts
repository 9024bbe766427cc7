/** Where the request of a session came from, as an account's list of devices shows it. */
export interface Client {
  readonly ip?: string;
  readonly userAgent?: string;
}

/** Long enough for any address with a zone. */
const longestIp = 64;

/** What Express knows of the request of its session object; nothing of a session that another framework made. */
export function clientOf(session: object): Client {
  const request: unknown = 'req' in session ? session.req : undefined;
  if (typeof request !== 'object' || request === null) return {};
  const ip: unknown = 'ip' in request ? request.ip : undefined;
  const headers: unknown = 'headers' in request ? request.headers : undefined;
  const isKnown = typeof headers === 'object' && headers !== null && 'user-agent' in headers;
  const userAgent: unknown = isKnown ? headers['user-agent'] : undefined;
  return {
    ...(typeof ip === 'string' && ip.length <= longestIp ? { ip } : {}),
    ...(typeof userAgent === 'string' ? { userAgent } : {}),
  };
}
