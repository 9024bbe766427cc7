import type { SeenClient } from '../service/client-policy.js';
import type { SessionManager } from '../service/session-manager.js';
import { isPlainText } from '../validation/argument-rules.js';
import type { RequestHead } from './request-head.js';

/** Returns the client that sends the request; `undefined` if clients are not compared. */
export function seenClient(manager: SessionManager, request: RequestHead): SeenClient | undefined {
  if (!manager.comparesClients) return undefined;
  const ip = request.ip();
  // A proxy may send a text that is not an address. The request must not fail because of it.
  return { ip: isPlainText(ip, 64) ? ip : '', userAgent: request.header('user-agent') };
}
