import type { ClosedSession } from '../../store/session-record.js';
import type { NodeTables } from './nodes/node-tables.js';

/** Reports looked at in one step. */
const lookStep = 100;

/**
 * What a sweep closed, kept as a row until its caller has had it: each expiry is reported though the process that found
 * it may be killed before it could tell. It is reported twice only if the process is killed between the two.
 */
export class SweepReports {
  readonly #node: string;
  readonly #tables: NodeTables;
  #number = 0;

  constructor(node: string, tables: NodeTables) {
    this.#node = node;
    this.#tables = tables;
  }

  /** Within the transaction of the sweep. @returns by what `delete` knows it */
  add(closed: readonly ClosedSession[]): number {
    this.#number += 1;
    this.#tables.setReport(this.#node, this.#number, JSON.stringify(closed));
    return this.#number;
  }

  delete(number: number): void {
    this.#tables.deleteReport(this.#node, number);
  }

  /** Takes at most `most` sessions out of the reports of nodes that are gone. */
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

/** @param text written by `add` of this version. Of a row that is damaged nothing is reported: else no sweep would ever end */
function closedOf(text: string): readonly ClosedSession[] {
  try {
    return JSON.parse(text);
  } catch {
    return [];
  }
}
