import type { Session } from '../service/session.js';
import type { SessionManager } from '../service/session-manager.js';
import { patchAndRenew } from '../service/text-access.js';
import { type ContentChanges, isEmpty, patchOf } from './session-content.js';

/**
 * Stores the changes and renews the session.
 * @param ttl idle time, in milliseconds
 * @returns the session after both operations. If the store executes them separately, the session after each of them, in
 *   either order
 */
export async function saveChanges(
  manager: SessionManager,
  id: string,
  changes: ContentChanges,
  ttl: number,
): Promise<readonly Session[]> {
  return isEmpty(changes)
    ? [await manager.renewSession(id, { ttl })]
    : patchAndRenew(manager, id, patchOf(changes), ttl);
}
