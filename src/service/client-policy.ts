import { injectable } from 'inversify';
import { requireIp, requireUserAgent } from '../store/session-arguments.js';
import type { SessionRecord } from '../store/session-record.js';

/** Who shows a token, as far as it is known. */
export interface SeenClient {
  /** Address: at most 64 characters. Default `''`: not known, and not compared. */
  readonly ip?: string | undefined;
  /** Cut to 512 characters. Default `''`: not known, and not compared. */
  readonly userAgent?: string | undefined;
}

/** No client: nothing is compared. */
export const unnamedClient: SeenClient = Object.freeze({});

/** A client as it is recorded. */
export interface KnownClient {
  readonly ip: string;
  readonly userAgent: string;
}

/**
 * Bound in the container, it has every front name the client when it authenticates a request, and is asked when address or
 * user agent differ from the latest that were accepted. What it accepts is recorded as `lastIp` and `lastUserAgent`.
 */
export abstract class ClientPolicy {
  /**
   * @param session as it is, with the client that was accepted last
   * @param client who shows its token now
   * @returns `refuse` to answer as if the session were unknown; it lives on. A policy that throws fails the request
   */
  abstract judge(session: SessionRecord, client: KnownClient): 'accept' | 'refuse' | Promise<'accept' | 'refuse'>;
}

/** Accepts every client: the sessions have their latest address and user agent. */
@injectable()
export class AnyClient extends ClientPolicy {
  judge(): 'accept' {
    return 'accept';
  }
}

/**
 * The client to record, if it is another than the latest; what is not known stays.
 * @throws SessionError `INVALID_ARGUMENT`
 */
export function otherClient({ lastIp, lastUserAgent }: SessionRecord, client: SeenClient): KnownClient | undefined {
  const ip = requireIp(client.ip ?? '') || lastIp;
  const userAgent = requireUserAgent(client.userAgent ?? '') || lastUserAgent;
  return ip === lastIp && userAgent === lastUserAgent ? undefined : { ip, userAgent };
}
