import type { PlainSession } from './service-actions.js';
import type { ServiceProcess } from './service-process.js';

/** Pushes ascending numbers to a session, and records which were acknowledged. */
export class Publisher {
  readonly acknowledged: number[] = [];
  failures = 0;
  readonly #session: PlainSession;
  readonly #nodes: readonly ServiceProcess[];
  #count = 0;
  #leaving = false;

  constructor(session: PlainSession, nodes: readonly ServiceProcess[]) {
    this.#session = session;
    this.#nodes = nodes;
  }

  async run(): Promise<void> {
    while (!this.#leaving) {
      this.#count += 1;
      const node = this.#nodes[this.#count % this.#nodes.length];
      try {
        await node?.do('push', this.#session.id, this.#count);
        this.acknowledged.push(this.#count);
      } catch {
        // The node may have carried out the push or not.
        this.failures += 1;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  }

  leave(): void {
    this.#leaving = true;
  }
}
