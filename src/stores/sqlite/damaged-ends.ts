import type { SessionContext } from '../../context/session-context.js';
import type { CloseReason } from '../../errors/close-reason.js';
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

  /** Carries out a step that ends one session. If the session is damaged, deletes its rows. */
  endOne(id: string, request: EndRequest, step: () => ClosedSession | undefined): ClosedSession | undefined {
    this.#tables.damage.takeMet();
    try {
      return step();
    } catch (error) {
      const [damaged] = this.#tables.damage.takeMet();
      if (!(error instanceof DamagedRow) || damaged === undefined) throw error;
      this.#end(damaged, request);
      const { app, reason } = request;
      // The account of a damaged row is unknown. The caller named the session by its id.
      return { app, id, accountId: damaged.session?.accountId ?? '', reason, undelivered: 0 };
    }
  }

  /** Carries out a step that ends sessions, and deletes the rows of the damaged sessions among them. */
  endAll<Result>(request: EndRequest, step: () => Result): Result {
    this.#tables.damage.takeMet();
    const result = step();
    for (const damaged of this.#tables.damage.takeMet()) {
      if (damaged.id !== request.except) this.#end(damaged, request);
    }
    return result;
  }

  #end(damaged: DamagedSession, { app, reason, now }: EndRequest): void {
    this.#tables.drop(damaged);
    if (damaged.session === undefined) return;
    const { id, accountId, secretHash } = damaged.session;
    if (this.#tombstoneTime > 0) {
      this.#tables.bury(app, id, { secretHash, reason, forgottenAt: now + this.#tombstoneTime });
    }
    // Its mailbox may be what is damaged: any node may hold its polls.
    for (const [node] of this.#nodes.beats()) this.#outbox.closed(node, app, id, reason);
    this.#outbox.sessionChanged(app, id, { kind: 'closed', accountId, reason });
  }
}
