import type { SeenClient } from '../service/client-policy.js';
import type { SessionManager } from '../service/session-manager.js';
import { isPlainText } from '../validation/argument-rules.js';
import type { RequestHead } from './request-head.js';

/** Who sends the request; `undefined` when clients are not compared. */
export function seenClient(manager: SessionManager, request: RequestHead): SeenClient | undefined {
  if (!manager.comparesClients) return undefined;
  const ip = request.ip();
  // Where a proxy sends what is no address, a request must not fail because of it.
  return { ip: isPlainText(ip, 64) ? ip : '', userAgent: request.header('user-agent') };
}
