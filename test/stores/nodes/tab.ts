import type { PlainSession } from './service-actions.js';
import type { ServiceProcess } from './service-process.js';

const wait = 2_000;

/** A client that polls at one node. When a poll fails, it continues with its cursor at the next node. */
export class Tab {
  /** The data of the received messages, in order. */
  readonly received: unknown[] = [];
  lost = 0;
  resets = 0;
  /** Number of polls that failed. */
  failures = 0;
  readonly #session: PlainSession;
  readonly #nodes: readonly ServiceProcess[];
  #cursor = '';
  #latest = 0;
  #turn: number;
  #leaving = false;

  constructor(session: PlainSession, nodes: readonly ServiceProcess[], firstNode: number) {
    this.#session = session;
    this.#nodes = nodes;
    this.#turn = firstNode;
  }

  /** Polls until `leave` is called, and then once more. */
  async run(): Promise<void> {
    for (let isLast = false; !isLast; ) {
      isLast = this.#leaving;
      const node = this.#nodes[this.#turn % this.#nodes.length];
      try {
        await this.#pollAt(node, isLast ? 0 : wait);
      } catch {
        this.failures += 1;
        this.#turn += 1;
        // The last poll must succeed.
        isLast = false;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  leave(): void {
    this.#leaving = true;
  }

  async #pollAt(node: ServiceProcess | undefined, longest: number): Promise<void> {
    const batch = await node?.do('poll', this.#session.id, { reader: 'tab', after: this.#cursor, wait: longest });
    if (batch === undefined) return;
    this.lost += batch.lost;
    if (batch.reset === true) {
      this.resets += 1;
      this.#latest = 0;
    }
    for (const { offset, data } of batch.messages) {
      if (offset <= this.#latest) throw new Error(`offset ${offset} came after ${this.#latest}`);
      this.#latest = offset;
      // After a reset the store sends everything retained again.
      if (batch.reset !== true || !this.received.includes(data)) this.received.push(data);
    }
    this.#cursor = batch.cursor;
  }
}
