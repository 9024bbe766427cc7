import type { StoreListener } from '../../../src/index.js';
import { programFile } from '../../support/program.js';
import { ForkedProcess } from './forked-process.js';
import { type Heard, type ListenerCall, revived, revivedMessage, type StoreOrder } from './wire.js';

const program = programFile(new URL('./store-node.js', import.meta.url));

/** A node: a forked process that hosts stores. */
export class NodeProcess {
  readonly #listeners = new Map<number, StoreListener>();
  readonly #process = new ForkedProcess<StoreOrder, Heard>(program, (event) => this.#forward(event));

  hear(store: number, listener: StoreListener): void {
    this.#listeners.set(store, listener);
  }

  forget(store: number): void {
    this.#listeners.delete(store);
  }

  async ask(order: StoreOrder): Promise<unknown> {
    return revived(await this.#process.ask(order));
  }

  stop(): Promise<void> {
    return this.#process.kill();
  }

  #forward({ store, heard }: Heard): void {
    const listener = this.#listeners.get(store);
    if (listener !== undefined) repeat(listener, heard);
  }
}

function repeat(listener: StoreListener, heard: ListenerCall): void {
  const [kind] = heard;
  if (kind === 'appended') listener.appended(heard[1], heard[2], heard[3], revivedMessage(heard[4]), heard[5]);
  else if (kind === 'changed') listener.changed(heard[1], heard[2]);
  else if (kind === 'closed') listener.closed(heard[1], heard[2], heard[3]);
  else if (kind === 'rotated') listener.rotated(heard[1], heard[2], heard[3]);
  else if (kind === 'superseded') listener.superseded(heard[1], heard[2], heard[3], heard[4]);
  else listener.missed();
}
