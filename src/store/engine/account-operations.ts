import type { CloseReason } from '../../errors/close-reason.js';
import { SessionError } from '../../errors/session-error.js';
import { requireAttributesWithin } from '../attribute-bytes.js';
import { type ClosedSession, defaultLevel, type NewSession, type SessionRecord } from '../session-record.js';
import type { Insertion, OnceInsertion } from '../session-store.js';
import { amend } from './amendments.js';
import type { SessionRules } from './session-rules.js';
import type { SessionEntry } from './tables.js';

const noneClosed: readonly ClosedSession[] = [];

/** The operations on the sessions of one account. They enforce its limit. */
export class AccountOperations {
  readonly #rules: SessionRules;

  constructor(rules: SessionRules) {
    this.#rules = rules;
  }

  insert(session: NewSession, now: number): Insertion {
    requireAttributesWithin(this.#rules.context.attributesMaxBytes, session.attributes);
    const evicted = this.#makeRoom(session, now);
    const entry = this.#rules.tables.add(session, now);
    const { level = defaultLevel } = session;
    if (level !== defaultLevel) amend(entry, { level });
    entry.save();
    const { app, id, accountId } = session;
    this.#rules.notices.sessionChanged(app, id, { kind: 'created', accountId });
    return { record: this.#rules.record(entry, now), evicted };
  }

  insertOnce(session: NewSession, now: number): OnceInsertion {
    const { app, id } = session;
    const isTaken = this.#rules.find(app, id, now) !== undefined || this.#rules.tombstone(app, id, now) !== undefined;
    if (!isTaken) {
      const { record, evicted } = this.insert(session, now);
      return { record, evicted, inserted: true };
    }
    const record = this.#rules.record(this.#rules.live(app, id, now), now);
    return { record, evicted: noneClosed, inserted: false };
  }

  endAccount(
    app: string,
    accountId: string,
    reason: CloseReason,
    except: string | undefined,
    now: number,
  ): readonly ClosedSession[] {
    const entries = this.#rules.liveOfAccount(app, accountId, now).filter(({ id }) => id !== except);
    return entries.map((entry) => this.#rules.close(entry, reason, now));
  }

  listAccount(app: string, accountId: string, now: number): readonly SessionRecord[] {
    return this.#rules.liveOfAccount(app, accountId, now).map((entry) => this.#rules.record(entry, now));
  }

  /**
   * Checks the limit for one more session, and makes room for it if the policy is to evict.
   * @returns the evicted sessions
   * @throws SessionError `SESSION_LIMIT`
   */
  #makeRoom({ app, accountId, maxSession }: NewSession, now: number): readonly ClosedSession[] {
    const { onMaxSession } = this.#rules.context;
    if (maxSession === 0 || this.#rules.tables.countOfAccount(app, accountId) < maxSession) return noneClosed;
    const live = [...this.#rules.liveOfAccount(app, accountId, now)];
    const excess = live.length - maxSession + 1;
    if (excess <= 0) return noneClosed;
    if (onMaxSession === 'reject') {
      const text = `An account may hold at most maxSession (${maxSession}) live sessions; this one holds ${live.length}`;
      throw new SessionError('SESSION_LIMIT', text, { accountId, maxSession });
    }
    // The sessions are in order of creation. A stable sort keeps this order among equals.
    if (onMaxSession === 'evict-idle') live.sort((one, other) => latestContactOf(one) - latestContactOf(other));
    return live.slice(0, excess).map((entry) => this.#rules.close(entry, 'evicted', now));
  }
}

/** Returns the time of the latest contact. A parked reader is a lasting contact. */
function latestContactOf(entry: SessionEntry): number {
  return entry.isParked ? Number.POSITIVE_INFINITY : entry.lastContact;
}
