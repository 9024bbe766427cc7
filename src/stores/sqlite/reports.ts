import { isCloseReason } from '../../errors/close-reason.js';
import type { ClosedSession } from '../../store/session-record.js';
import type { NodeTables } from './nodes/node-tables.js';

/** Maximum number of reports read in one step. */
const lookStep = 100;

/**
 * Reports of the sessions that sweeps closed. A report is a row until the caller of the sweep has received it, so that
 * each expiry is reported even if the process that found it is killed before. An expiry is reported twice only if the
 * process ends after the caller has received the report, and before it could delete the row.
 */
export class SweepReports {
  readonly #node: string;
  readonly #tables: NodeTables;
  readonly #run: (work: () => void) => Promise<void>;
  /** Pending deletions of reports that the callers of the sweep are receiving. */
  readonly #deleting = new Set<Promise<void>>();
  /** Numbers of the reports whose deletion failed. The next sweep deletes them, or the stop of this node. */
  #undeleted: number[] = [];
  #number = 0;

  /** @param run carries out work within a transaction that writes */
  constructor(node: string, tables: NodeTables, run: (work: () => void) => Promise<void>) {
    this.#node = node;
    this.#tables = tables;
    this.#run = run;
  }

  /** Adds a report, within the transaction of the sweep. @returns the number of the report, for `deleteLater` */
  add(closed: readonly ClosedSession[]): number {
    this.#number += 1;
    this.#tables.setReport(this.#node, this.#number, JSON.stringify(closed));
    return this.#number;
  }

  /** Deletes a report one turn after the caller received it. If this process is killed before, it is reported twice. */
  deleteLater(number: number): void {
    const deleting = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.#run(() => this.#tables.deleteReport(this.#node, number))
          .catch(() => {
            // The row stays. If this process ends before it is deleted, another node reports it again.
            this.#undeleted.push(number);
          })
          .finally(resolve);
      });
    }).finally(() => this.#deleting.delete(deleting));
    this.#deleting.add(deleting);
  }

  /** Deletes the reports again whose deletion failed. */
  deleteAgain(): void {
    const failed = this.#undeleted;
    this.#undeleted = [];
    for (const number of failed) this.deleteLater(number);
  }

  /** Resolves when each report was deleted, if the database can be written. */
  async settle(): Promise<void> {
    await Promise.all(this.#deleting);
    this.deleteAgain();
    await Promise.all(this.#deleting);
  }

  /** Takes at most `most` sessions out of the reports of nodes that left or were given up. */
  adopt(most: number): readonly ClosedSession[] {
    const adopted: ClosedSession[] = [];
    for (const [node, number, text] of this.#tables.reports(lookStep)) {
      if (adopted.length === most) break;
      if (node === this.#node || this.#tables.has(node)) continue;
      const closed = closedOf(text);
      const room = most - adopted.length;
      adopted.push(...closed.slice(0, room));
      if (closed.length > room) this.#tables.setReport(node, number, JSON.stringify(closed.slice(room)));
      else this.#tables.deleteReport(node, number);
    }
    return adopted;
  }
}

/**
 * @param text written by `add` of this version. Damaged sessions in it are left out: an error would fail every sweep
 */
function closedOf(text: string): readonly ClosedSession[] {
  try {
    const closed: unknown = JSON.parse(text);
    return Array.isArray(closed) ? closed.filter(isClosedSession) : [];
  } catch {
    return [];
  }
}

function isClosedSession(value: unknown): value is ClosedSession {
  if (typeof value !== 'object' || value === null) return false;
  const { app, id, accountId, reason, undelivered }: Partial<Record<keyof ClosedSession, unknown>> = value;
  const areTexts = [app, id, accountId].every((text) => typeof text === 'string');
  return areTexts && isCloseReason(reason) && typeof undelivered === 'number';
}
