import type { OperatorAct, RefusedBearer } from '../events/session-events.js';
import type { SessionManager } from '../service/session-manager.js';
import type { LimitedLogin } from '../store/session-store.js';
import { Recent } from './recent.js';

/** Maximum number of entries of each kind that a node keeps. */
const mostKept = 200;

/** An event that may show an attack: a bearer was refused, or a login met its account's limit. */
export type SecurityEntry =
  | ({ readonly event: 'refused'; readonly at: number } & Omit<RefusedBearer, 'app'>)
  | ({ readonly event: 'limit'; readonly at: number } & Pick<
      LimitedLogin,
      'id' | 'accountId' | 'maxSession' | 'onMaxSession' | 'verdict'
    >);

/** The latest security events and acts of operators of one app at this node, in memory. */
export class ConsoleLog {
  readonly #security = new Recent<SecurityEntry>(mostKept);
  readonly #acts = new Recent<OperatorAct>(mostKept);

  constructor(manager: SessionManager) {
    manager.on('refused', ({ id, kind, reason, ip, userAgent }) => {
      this.#security.add({ event: 'refused', at: manager.now, id, kind, reason, ip, userAgent });
    });
    manager.on('limit', ({ id, accountId, maxSession, onMaxSession, verdict }) => {
      this.#security.add({ event: 'limit', at: manager.now, id, accountId, maxSession, onMaxSession, verdict });
    });
    manager.on('audit', (act) => this.#acts.add(act));
  }

  get security(): readonly SecurityEntry[] {
    return this.#security.latest();
  }

  get acts(): readonly OperatorAct[] {
    return this.#acts.latest();
  }
}
