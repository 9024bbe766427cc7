import type { AttributePatch, Contact, Renewal } from './session-store.js';

/**
 * Optional ability of a store for which a step costs more than a call: to patch and renew a session in one. The Redis
 * store has no need of it, as all calls of a turn of the event loop travel in one script call.
 */
export interface PatchRenewal {
  /**
   * `patch` and `touch` in one step, as durable as a patch.
   * @throws SessionError as both
   */
  patchAndRenew(app: string, id: string, attributes: AttributePatch, renewal: Renewal): Promise<Contact>;
}

export function isPatchRenewal(store: object): store is PatchRenewal {
  return 'patchAndRenew' in store && typeof store.patchAndRenew === 'function';
}
