import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
import { isSameHash } from '../../store/engine/same-hash.js';
import type { ClosedSession } from '../../store/session-record.js';
import type { NodeTables } from './nodes/node-tables.js';
import type { Outbox } from './nodes/outbox.js';
import { DamagedRow } from './tables/damaged-row.js';
import type { SqliteTables } from './tables/sqlite-tables.js';
import type { DamagedSession } from './tables/stored-session.js';

/** A request to end sessions. */
export interface EndRequest {
  readonly app: string;
  readonly reason: CloseReason;
  readonly now: number;
  /** The account of the sessions, if the request names it. */
  readonly accountId?: string;
  /** The session that stays. */
  readonly except?: string | undefined;
}

/**
 * Ends damaged sessions, which the engine can't load. They must end with the others: the process that used such a session
 * last has its values in its cache, and lets its bearer in as long as the rows exist.
 */
export class DamagedEnds {
  readonly #tables: SqliteTables;
  readonly #nodes: NodeTables;
  readonly #outbox: Outbox;
  readonly #tombstoneTime: number;

  constructor(tables: SqliteTables, nodes: NodeTables, outbox: Outbox, { tombstoneTime }: SessionContext) {
    this.#tables = tables;
    this.#nodes = nodes;
    this.#outbox = outbox;
    this.#tombstoneTime = tombstoneTime;
  }

  /**
   * Carries out a step that ends one session. If the session is damaged, deletes its rows.
   * @param secretHash of its bearer, if it is the bearer who ends it
   */
  endOne(
    id: string,
    request: EndRequest,
    step: () => ClosedSession | undefined,
    secretHash?: string,
  ): ClosedSession | undefined {
    this.#tables.damage.takeMet();
    try {
      return step();
    } catch (error) {
      const [damaged] = this.#tables.damage.takeMet();
      if (!(error instanceof DamagedRow) || damaged === undefined) throw error;
      if (secretHash !== undefined) {
        // The secret of a damaged row is unknown.
        if (damaged.session === undefined) throw error;
        if (!isSameHash(damaged.session.secretHash, secretHash)) return undefined;
      }
      // The caller named the session by its id. The id in the row may be damaged.
      return this.#end({ ...damaged, id }, request);
    }
  }

  /**
   * Carries out a step that ends sessions, and deletes the rows of the damaged sessions among them.
   * @returns the result of the step, and the damaged sessions that were ended
   */
  endAll<Result>(
    request: EndRequest,
    step: () => Result,
  ): { readonly result: Result; readonly ended: readonly ClosedSession[] } {
    this.#tables.damage.takeMet();
    const result = step();
    const ended: ClosedSession[] = [];
    for (const damaged of this.#tables.damage.takeMet()) {
      if (damaged.id !== request.except) ended.push(this.#end(damaged, request));
    }
    return { result, ended };
  }

  #end(damaged: DamagedSession, { app, reason, now, accountId: named = '' }: EndRequest): ClosedSession {
    this.#tables.drop(damaged);
    const { id, session } = damaged;
    // The account of a damaged row is unknown, unless the request names it.
    const accountId = session?.accountId ?? named;
    if (session !== undefined && this.#tombstoneTime > 0) {
      const { secretHash } = session;
      this.#tables.bury(app, id, { secretHash, reason, forgottenAt: now + this.#tombstoneTime });
    }
    // Its mailbox may be what is damaged: any node may hold its polls.
    for (const [node] of this.#nodes.beats()) this.#outbox.closed(node, app, id, reason);
    this.#outbox.sessionChanged(app, id, { kind: 'closed', accountId, reason });
    return { app, id, accountId, reason, undelivered: 0 };
  }
}
