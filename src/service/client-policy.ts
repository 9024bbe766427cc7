import { injectable } from 'inversify';
import { requireIp, requireUserAgent } from '../store/session-arguments.js';
import type { SessionRecord } from '../store/session-record.js';
import { type OptionNames, requireOptions } from '../validation/argument-rules.js';

/** The client that shows a token, as far as it is known. */
export interface SeenClient {
  /** Address: at most 64 characters. Default `''`: not known, and not compared. */
  readonly ip?: string | undefined;
  /** Cut to 512 characters. Default `''`: not known, and not compared. */
  readonly userAgent?: string | undefined;
}

/** An unknown client, which is not compared. */
export const unnamedClient: SeenClient = Object.freeze({});

/** A recorded client. */
export interface KnownClient {
  readonly ip: string;
  readonly userAgent: string;
}

/**
 * Accepts or refuses clients that show a token. If a policy is bound in the container, every front passes the client
 * when it authenticates a request. The policy is asked when the address or the user agent differ from the latest
 * accepted ones. An accepted client is recorded as `lastIp` and `lastUserAgent`.
 */
export abstract class ClientPolicy {
  /**
   * @param session the session, with the client that was accepted last
   * @param client the client that shows the token now
   * @returns `refuse` to answer as if the session were unknown; it stays live. If the policy throws, the request fails
   */
  abstract judge(session: SessionRecord, client: KnownClient): 'accept' | 'refuse' | Promise<'accept' | 'refuse'>;
}

/** Accepts every client, so that sessions only record their latest address and user agent. */
@injectable()
export class AnyClient extends ClientPolicy {
  judge(): 'accept' {
    return 'accept';
  }
}

const clientNames: OptionNames<SeenClient> = { ip: true, userAgent: true };

/**
 * Returns the client with `''` for unknown values.
 * @throws SessionError `INVALID_ARGUMENT`, also for other names: the policy would not be asked for a misspelt value
 */
export function requireClient(client: SeenClient): KnownClient {
  const { ip, userAgent } = requireOptions(client, clientNames);
  return { ip: requireIp(ip ?? ''), userAgent: requireUserAgent(userAgent ?? '') };
}

/** Returns the client to record, if it differs from the latest client. Unknown values stay as they were recorded. */
export function otherClient({ lastIp, lastUserAgent }: SessionRecord, client: KnownClient): KnownClient | undefined {
  const ip = client.ip || lastIp;
  const userAgent = client.userAgent || lastUserAgent;
  return ip === lastIp && userAgent === lastUserAgent ? undefined : { ip, userAgent };
}
