import type { ClosedReply, SilentReply, SweepReply } from '../wire.js';
import type { Ledger } from './ledger.js';
import type { Nodes } from './nodes.js';
import { SessionEntry, splitName } from './session-entry.js';
import type { Sessions } from './sessions.js';
import { keysWith, numberLength, numberText, type Table } from './tables.js';

/** Entries looked at in one step beyond those asked for: tombstones, and sessions that were renewed. */
const moreSteps = 200;

/** What is due, over all apps and for whichever node asks first. */
export class Background {
  readonly #ledger: Ledger;
  readonly #sessions: Sessions;
  readonly #nodes: Nodes;
  #reports = 0;

  constructor(ledger: Ledger, sessions: Sessions, nodes: Nodes) {
    this.#ledger = ledger;
    this.#sessions = sessions;
    this.#nodes = nodes;
  }

  /** What it closes is kept as a report until its caller has had it. Should this node die before, another tells of it. */
  sweep(limit: number): SweepReply {
    const closed = this.#adoptReports(limit);
    const { due } = this.#ledger.tables;
    for (const key of this.#dueKeys(due, limit - closed.length + moreSteps)) {
      if (closed.length === limit) break;
      const reported = this.#reclaim(key);
      if (reported !== undefined) closed.push(reported);
    }
    const report = closed.length === 0 ? null : this.#report(closed);
    return [this.#isDue(due), closed, report];
  }

  /** The caller has had the report. */
  told(report: string): void {
    this.#ledger.tables.reports.remove(report);
  }

  judge(limit: number): SilentReply {
    const { online } = this.#ledger.tables;
    const silent: (readonly [string, string, string])[] = [];
    for (const key of this.#dueKeys(online, limit + moreSteps)) {
      if (silent.length === limit) break;
      const fallenSilent = this.#judge(key);
      if (fallenSilent !== undefined) silent.push([fallenSilent.app, fallenSilent.id, fallenSilent.accountId]);
    }
    return [this.#isDue(online), silent];
  }

  #reclaim(key: string): ClosedReply | undefined {
    const { tables, now, context } = this.#ledger;
    const [app, id] = splitName(key.slice(numberLength));
    const found = this.#sessions.find(app, id);
    if (!(found instanceof SessionEntry)) {
      tables.due.remove(key);
      if (found !== undefined && found[3] <= now) tables.sessions.remove(key.slice(numberLength));
      return undefined;
    }
    if (!key.startsWith(numberText(found.dueAt))) {
      // Left by another session that had its id.
      tables.due.remove(key);
      return undefined;
    }
    const reason = this.#sessions.deadReason(found);
    if (reason !== undefined) return this.#sessions.close(found, reason);
    this.#sessions.moveDue(found, found.deadline(context, now));
    this.#sessions.save(found);
    return undefined;
  }

  #judge(key: string): SessionEntry | undefined {
    const { tables, now, context } = this.#ledger;
    const [app, id] = splitName(key.slice(numberLength));
    const found = this.#sessions.find(app, id);
    if (!(found instanceof SessionEntry) || !key.startsWith(numberText(found.onlineAt))) {
      tables.online.remove(key);
      return undefined;
    }
    const silentAt = found.isParked ? now + context.hbGrace : found.lastContact + context.hbGrace;
    const isSilent = silentAt <= now;
    this.#sessions.moveOnline(found, isSilent ? 0 : silentAt);
    this.#sessions.save(found);
    // One past its deadline is the sweep's to report.
    return isSilent && this.#sessions.deadReason(found) === undefined ? found : undefined;
  }

  #dueKeys(table: Table<0>, limit: number): string[] {
    return [...table.getKeys({ start: '0', end: numberText(this.#ledger.now + 1), limit })];
  }

  #isDue(table: Table<0>): boolean {
    return this.#dueKeys(table, 1).length > 0 || this.#orphans().length > 0;
  }

  #report(closed: readonly ClosedReply[]): string {
    this.#reports += 1;
    const name = `${this.#ledger.node}:${numberText(this.#reports)}`;
    this.#ledger.tables.reports.put(name, closed);
    return name;
  }

  /** Reports of nodes that are gone, and that perhaps nobody heard of. */
  #orphans(): readonly string[] {
    return keysWith(this.#ledger.tables.reports, '', moreSteps).filter((name) => {
      return !this.#nodes.isAlive(name.slice(0, name.indexOf(':')));
    });
  }

  #adoptReports(limit: number): ClosedReply[] {
    const { reports } = this.#ledger.tables;
    const adopted: ClosedReply[] = [];
    for (const name of this.#orphans()) {
      const report = reports.get(name) ?? [];
      const room = limit - adopted.length;
      adopted.push(...report.slice(0, room));
      if (report.length > room) {
        reports.put(name, report.slice(room));
        break;
      }
      reports.remove(name);
    }
    return adopted;
  }
}
