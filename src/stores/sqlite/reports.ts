import type { ClosedSession } from '../../store/session-record.js';
import type { NodeTables } from './nodes/node-tables.js';

/** Maximum number of reports read in one step. */
const lookStep = 100;

/**
 * Reports of the sessions that sweeps closed. A report is a row until the caller of the sweep has received it, so that
 * each expiry is reported even if the process that found it is killed before. An expiry is reported twice only if the
 * process is killed after the caller has received the report, and before the row is deleted.
 */
export class SweepReports {
  readonly #node: string;
  readonly #tables: NodeTables;
  #number = 0;

  constructor(node: string, tables: NodeTables) {
    this.#node = node;
    this.#tables = tables;
  }

  /** Adds a report, within the transaction of the sweep. @returns the number of the report, for `delete` */
  add(closed: readonly ClosedSession[]): number {
    this.#number += 1;
    this.#tables.setReport(this.#node, this.#number, JSON.stringify(closed));
    return this.#number;
  }

  delete(number: number): void {
    this.#tables.deleteReport(this.#node, number);
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

/** @param text written by `add` of this version. A damaged row reports nothing: an error would fail every sweep */
function closedOf(text: string): readonly ClosedSession[] {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
