import type { ExecutionContext } from 'ava';
import { eventually } from '../../support/eventually.js';
import { limits } from '../../support/limits.js';
import { Publisher } from './publisher.js';
import type { ServiceProcess } from './service-process.js';
import { Tab } from './tab.js';

const sessionCount = 8;

/** Sessions whose tabs poll at all nodes while publishers push. The mailboxes must be so large that none overflows. */
export class Traffic {
  readonly #tabs: readonly Tab[];
  readonly #publishers: readonly Publisher[];
  readonly #runs: Promise<unknown>;

  private constructor(tabs: readonly Tab[], publishers: readonly Publisher[]) {
    this.#tabs = tabs;
    this.#publishers = publishers;
    this.#runs = Promise.all([...tabs, ...publishers].map((each) => each.run()));
  }

  static async start(nodes: readonly ServiceProcess[]): Promise<Traffic> {
    const [node] = nodes;
    if (node === undefined) throw new Error('there are no nodes');
    const accounts = Array.from({ length: sessionCount }, (_each, index) => `in-traffic-${index}`);
    const sessions = await Promise.all(accounts.map((account) => node.do('create', account)));
    return new Traffic(
      sessions.map((session, index) => new Tab(session, nodes, index)),
      sessions.map((session) => new Publisher(session, nodes)),
    );
  }

  get acknowledged(): number {
    return sum(this.#publishers.map(({ acknowledged }) => acknowledged.length));
  }

  get received(): number {
    return sum(this.#tabs.map(({ received }) => received.length));
  }

  get failures(): number {
    return sum([...this.#publishers, ...this.#tabs].map(({ failures }) => failures));
  }

  /** Resolves once 20 more pushes to each session were acknowledged. */
  async goesOn(): Promise<void> {
    const before = this.#publishers.map(({ acknowledged }) => acknowledged.length);
    await eventually(
      () => this.#publishers.every(({ acknowledged }, index) => acknowledged.length >= (before[index] ?? 0) + 20),
      { what: 'pushes are acknowledged again', patience: limits.processes },
    );
  }

  /**
   * Ends the traffic and asserts that every acknowledged push arrived once and in order, and that none was lost.
   * @param mayReset whether tabs may receive `reset`, because the store may have forgotten messages
   */
  async settle(t: ExecutionContext, mayReset = false): Promise<void> {
    for (const publisher of this.#publishers) publisher.leave();
    await eventually(() => this.#publishers.every(({ acknowledged }, index) => this.#has(index, acknowledged.at(-1))));
    for (const tab of this.#tabs) tab.leave();
    await this.#runs;
    for (const [index, { received, lost, resets }] of this.#tabs.entries()) {
      const { acknowledged = [] } = this.#publishers[index] ?? {};
      const arrived = new Set(received);
      t.is(arrived.size, received.length, 'nothing arrived twice');
      t.deepEqual(
        received,
        received.toSorted((one, other) => Number(one) - Number(other)),
        'all in order',
      );
      t.deepEqual(
        acknowledged.filter((each) => !arrived.has(each)),
        [],
        'all acknowledged pushes arrived',
      );
      t.deepEqual([lost, mayReset ? 0 : resets], [0, 0]);
    }
  }

  #has(index: number, number: number | undefined): boolean {
    return number === undefined || this.#tabs[index]?.received.includes(number) === true;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
