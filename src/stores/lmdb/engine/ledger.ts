import type { SessionContext } from '../../../context/session-context.js';
import type { Notice, Ring } from '../wire.js';
import type { NodeRow } from './rows.js';
import { numberText, type Tables } from './tables.js';

/** More nodes than share any machine. */
const mostNodes = 10_000;

/** What is to be told once the transaction is kept. */
export interface Aftermath {
  /** Of this node's own readers and watchers. */
  readonly notices: readonly Notice[];
  /** Other nodes with something in their inbox. */
  readonly rings: readonly Ring[];
}

/** One transaction at a time: the tables, its moment, and what it has to tell. */
export class Ledger {
  readonly context: SessionContext;
  readonly tables: Tables;
  /** What this node is called among those that share the tables. */
  readonly node: string;
  /** Whether this node watches for changes. */
  watches = false;
  now = 0;
  #notices: Notice[] = [];
  readonly #rings = new Map<string, number>();
  readonly #counters = new Map<string, number>();
  readonly #nodes = new Map<string, NodeRow | undefined>();
  #watching: readonly string[] | undefined;

  constructor(context: SessionContext, tables: Tables, node: string) {
    this.context = context;
    this.tables = tables;
    this.node = node;
  }

  /** Forgets whatever a transaction left, whether it was kept or not. */
  begin(now: number): void {
    this.now = now;
    this.#notices = [];
    this.#rings.clear();
    this.#counters.clear();
    this.#nodes.clear();
    this.#watching = undefined;
  }

  /** Writes what was put off until the end of the transaction. */
  finish(): Aftermath {
    for (const [name, value] of this.#counters) this.tables.counters.put(name, value);
    const notices = this.#notices;
    return { notices, rings: [...this.#rings] };
  }

  /** The next of 1, 2, 3, … over all processes. */
  next(counter: string): number {
    const value = (this.#counters.get(counter) ?? this.tables.counters.get(counter) ?? 0) + 1;
    this.#counters.set(counter, value);
    return value;
  }

  /** Tells a node, now or by its inbox. What is for a node that is gone is for nobody. */
  tell(node: string, notice: Notice): void {
    if (node === this.node) {
      this.#notices.push(notice);
      return;
    }
    const row = this.#nodeOf(node);
    if (row === undefined) return;
    this.tables.inbox.put(`${node}:${numberText(this.next('notices'))}`, notice);
    this.#rings.set(node, row[0]);
  }

  /** Tells whoever keeps copies of sessions, at any node, that this one changed or ended. */
  tellSessionChanged(app: string, id: string): void {
    const notice: Notice = ['session', app, id];
    if (this.watches) this.#notices.push(notice);
    this.#watching ??= this.#watchingNodes();
    for (const node of this.#watching) this.tell(node, notice);
  }

  #nodeOf(node: string): NodeRow | undefined {
    if (!this.#nodes.has(node)) this.#nodes.set(node, this.tables.nodes.get(node));
    return this.#nodes.get(node);
  }

  #watchingNodes(): readonly string[] {
    const watching: string[] = [];
    for (const { key, value } of this.tables.nodes.getRange({ start: '', limit: mostNodes })) {
      if (value[2] === 1 && key !== this.node) watching.push(key);
    }
    return watching;
  }
}
