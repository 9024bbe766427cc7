import type { Notice } from '../wire.js';
import { isRunning } from './is-running.js';
import type { Ledger } from './ledger.js';
import type { NodeRow } from './rows.js';
import { keysWith } from './tables.js';

/** A node not heard of for so long is gone, even if there is a process of its number. Milliseconds. */
const goneAfter = 60_000;
/** More nodes than share any machine. */
const mostNodes = 10_000;
/** Notices fetched in one step. */
const fetchStep = 500;

/**
 * The nodes that share the environment. Each has a row as long as it lives, and an inbox, into which the transaction
 * that changes something puts what it has to tell: nothing can get lost between the two. Who puts something in rings;
 * who is not rung looks by itself after a while.
 *
 * Here time is the machine's: whether a process lives has nothing to do with the sessions' clock.
 */
export class Nodes {
  readonly #ledger: Ledger;
  readonly #durability: NodeRow[3];

  constructor(ledger: Ledger, durability: NodeRow[3]) {
    this.#ledger = ledger;
    this.#durability = durability;
  }

  /**
   * The first time. What one way of keeping data relies on, the other does not do.
   * @throws Error when another node keeps it in another way
   */
  enlist(): void {
    const { nodes } = this.#ledger.tables;
    for (const other of keysWith(nodes, '', mostNodes)) {
      const used = nodes.get(other)?.[3];
      if (used !== this.#durability && this.isAlive(other)) {
        throw new Error(`another process has it open with durability '${used}': all must use the same`);
      }
    }
    this.attend();
  }

  /** Shows that this node lives, and clears up behind those that do not. @returns whether it had been given up */
  attend(): boolean {
    const { tables, node, watches } = this.#ledger;
    const isNew = tables.nodes.get(node) === undefined;
    const row: NodeRow = [process.pid, Date.now(), watches ? 1 : 0, this.#durability];
    tables.nodes.put(node, row);
    for (const other of keysWith(tables.nodes, '', mostNodes)) {
      if (other !== node && !this.isAlive(other)) this.#forget(other);
    }
    return isNew;
  }

  watch(watches: boolean): void {
    this.#ledger.watches = watches;
    this.attend();
  }

  leave(): void {
    this.#forget(this.#ledger.node);
  }

  isAlive(node: string): boolean {
    if (node === this.#ledger.node) return true;
    const row = this.#ledger.tables.nodes.get(node);
    return row !== undefined && Date.now() - row[1] < goneAfter && isRunning(row[0]);
  }

  get hasNotices(): boolean {
    return keysWith(this.#ledger.tables.inbox, `${this.#ledger.node}:`, 1).length > 0;
  }

  /** Takes notices out of the inbox, and whether there may be more. */
  fetch(): readonly [notices: readonly Notice[], more: boolean] {
    const { inbox } = this.#ledger.tables;
    const keys = keysWith(inbox, `${this.#ledger.node}:`, fetchStep);
    const notices = keys.map((key) => inbox.get(key)).filter((notice) => notice !== undefined);
    for (const key of keys) inbox.remove(key);
    return [notices, keys.length === fetchStep];
  }

  #forget(node: string): void {
    const { tables } = this.#ledger;
    const keys = keysWith(tables.inbox, `${node}:`, fetchStep);
    for (const key of keys) tables.inbox.remove(key);
    // The rest, if it is much, next time.
    if (keys.length < fetchStep) tables.nodes.remove(node);
  }
}
