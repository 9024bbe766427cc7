import type { CloseReason } from '../../../errors/close-reason.js';
import type { ActiveReply, EndedReply, PageReply, RecordReply, ScanReply } from '../wire.js';
import type { Ledger } from './ledger.js';
import { nameOf, type SessionEntry, splitName } from './session-entry.js';
import type { Sessions } from './sessions.js';
import { beyondAll } from './tables.js';

/** Sessions looked at in one step: a few milliseconds. */
const stretch = 500;

/** Operations on all sessions of an app: stretch by stretch, in the order of their ids, which never changes. */
export class Apps {
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;

  constructor(ledger: Ledger, sessions: Sessions) {
    this.#ledger = ledger;
    this.#sessions = sessions;
  }

  /** @param after the id to begin behind. @param within null for all, however long inactive */
  page(app: string, after: string, limit: number, within: number | null): PageReply {
    const records: RecordReply[] = [];
    const next = this.#walk(app, after, stretch, (entry) => {
      if (within === null || this.#sessions.isActiveWithin(entry, within)) records.push(this.#sessions.record(entry));
      return records.length < limit;
    });
    return [next, records];
  }

  scan(app: string, after: string, size: number): ScanReply {
    const ids: string[] = [];
    const next = this.#walk(app, after, Math.min(size, stretch), ({ id }) => ids.push(id) > 0);
    return [next, ids];
  }

  endSome(app: string, after: string, reason: CloseReason): EndedReply {
    const entries: SessionEntry[] = [];
    const next = this.#walk(app, after, stretch / 5, (entry) => entries.push(entry) > 0);
    return [next, entries.map((entry) => this.#sessions.close(entry, reason))];
  }

  active(app: string, after: string, within: number): ActiveReply {
    const accountIds: string[] = [];
    const next = this.#walk(app, after, stretch, (entry) => {
      if (this.#sessions.isActiveWithin(entry, within)) accountIds.push(entry.accountId);
      return true;
    });
    return [next, accountIds];
  }

  /** Calls back with each live session of the stretch, until false comes. @returns where to go on, or null at the end */
  #walk(app: string, after: string, number: number, visit: (entry: SessionEntry) => boolean): string | null {
    const { tables } = this.#ledger;
    const range = { start: nameOf(app, after), end: nameOf(app, beyondAll), limit: number };
    let visited = 0;
    for (const { key, value } of tables.sessions.getRange({ ...range, exclusiveStart: after !== '' })) {
      visited += 1;
      const [, id] = splitName(key);
      const entry = value[0] === 0 ? undefined : this.#sessions.entryOf(app, id, value);
      const isWanted = entry !== undefined && this.#sessions.deadReason(entry) === undefined;
      if ((isWanted && !visit(entry)) || visited === number) return id;
    }
    return null;
  }
}
