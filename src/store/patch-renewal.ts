import type { AttributePatch, Contact, Renewal } from './session-store.js';

/**
 * Optional ability of a store for which a step costs more than a call: to patch and renew a session in one step. The
 * Redis store does not need it, because it sends all calls of one turn of the event loop in one script call.
 */
export interface PatchRenewal {
  /**
   * Does the work of `patch` and `touch` in one step, as durable as a patch.
   * @throws SessionError like `patch` and `touch`
   */
  patchAndRenew(app: string, id: string, attributes: AttributePatch, renewal: Renewal): Promise<Contact>;
}

export function isPatchRenewal(store: object): store is PatchRenewal {
  return 'patchAndRenew' in store && typeof store.patchAndRenew === 'function';
}
