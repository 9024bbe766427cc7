import { Child } from '../../support/rpc.js';
import type { DialectName } from '../servers/index.js';
import type { LoadChild } from './child.js';

/** Clients that one load process carries: it needs a descriptor for each, and must keep up with the server. */
const MOST_CLIENTS = 10_000;

/** The load of one server, in the smallest number of processes that can carry it. */
export class LoadGroup {
  readonly #children: readonly Child<LoadChild>[];
  #added = 0;

  constructor(clients: number) {
    const module = new URL('./child.js', import.meta.url);
    const processes = Math.ceil(clients / MOST_CLIENTS);
    this.#children = Array.from({ length: processes }, () => Child.start<LoadChild>(module, ['load'], []));
  }

  async add(count: number, port: number, dialect: DialectName, credentials: readonly string[]): Promise<void> {
    const share = Math.ceil(count / this.#children.length);
    for (const [index, child] of this.#children.entries()) {
      const from = index * share;
      const own = Math.max(0, Math.min(share, count - from));
      await child.call('add', own, this.#added + from, port, dialect, credentials.slice(from, from + own));
    }
    this.#added += count;
  }

  async connect(): Promise<void> {
    // One after the other, because servers with which clients register number them in the order of registration.
    for (const child of this.#children) await child.call('connect');
  }

  async disconnect(): Promise<void> {
    await this.#all((child) => child.call('disconnect'));
  }

  async hold(): Promise<void> {
    await this.#all((child) => child.call('hold'));
  }

  async idle(): Promise<void> {
    await this.#all((child) => child.call('idle'));
  }

  async stream(): Promise<void> {
    await this.#all((child) => child.call('stream'));
  }

  async rest(): Promise<void> {
    await this.#all((child) => child.call('rest'));
  }

  /** @returns the time until the last client was answered, in ms */
  async wave(): Promise<number> {
    return Math.max(...(await this.#all((child) => child.call('wave'))));
  }

  async answers(): Promise<number> {
    return sum(await this.#all((child) => child.call('answers')));
  }

  /** CPU of all load processes in µs. */
  async cpu(): Promise<number> {
    return sum(await this.#all((child) => child.call('cpu')));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#children.map((child) => child.stop()));
  }

  #all<T>(ask: (child: Child<LoadChild>) => Promise<T>): Promise<T[]> {
    return Promise.all(this.#children.map(ask));
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
