import cluster from 'node:cluster';
import { BroadcastChannel } from 'node:worker_threads';
import { ownNodes, passOn, readRing, ringMessage } from './cluster-relay.js';
import type { Ring } from './wire.js';

/** By which threads of one process ring each other. */
const channelName = 'session-mailbox:lmdb';

/**
 * Rings at nodes that have something in their inbox: in this thread by a call, in others of this process over a
 * channel, in other processes of a cluster over its primary. A ring may get lost, and says nothing but "look": whoever
 * can't be reached looks by itself after a while.
 */
class Doorbell {
  /** The nodes of this thread, and how to have each look. */
  readonly #nodes = new Map<string, () => void>();
  #channel: BroadcastChannel | undefined;
  readonly #hear = (message: unknown) => this.#pass(readRing(message));
  readonly #hearAsPrimary = (rings: readonly Ring[]) => this.#pass(rings);

  join(node: string, look: () => void): void {
    if (this.#nodes.size === 0) this.#listen();
    this.#nodes.set(node, look);
  }

  leave(node: string): void {
    if (!this.#nodes.delete(node) || this.#nodes.size > 0) return;
    this.#channel?.close();
    this.#channel = undefined;
    process.off('message', this.#hear);
    ownNodes.delete(this.#hearAsPrimary);
  }

  ring(rings: readonly Ring[]): void {
    const elsewhere = this.#answer(rings);
    const inProcess = elsewhere.filter(([, pid]) => pid === process.pid);
    if (inProcess.length > 0) this.#channel?.postMessage(ringMessage(inProcess));
    if (inProcess.length < elsewhere.length) passOn(elsewhere.filter(([, pid]) => pid !== process.pid));
  }

  #listen(): void {
    const channel = new BroadcastChannel(channelName);
    channel.onmessage = (event: unknown) => {
      if (typeof event === 'object' && event !== null && 'data' in event) this.#answer(readRing(event.data));
    };
    // It must not keep the process alive; its types leave out that it can be told so.
    if ('unref' in channel && typeof channel.unref === 'function') channel.unref();
    this.#channel = channel;
    ownNodes.add(this.#hearAsPrimary);
    // Another process' IPC is its own affair.
    if (cluster.isWorker && process.send !== undefined) process.on('message', this.#hear);
  }

  /** A ring from another process may be for another thread of this one. */
  #pass(rings: readonly Ring[]): void {
    const elsewhere = this.#answer(rings);
    if (elsewhere.length > 0) this.#channel?.postMessage(ringMessage(elsewhere));
  }

  /** @returns those who are not of this thread */
  #answer(rings: readonly Ring[]): readonly Ring[] {
    return rings.filter(([node]) => {
      const look = this.#nodes.get(node);
      look?.();
      return look === undefined;
    });
  }
}

/** The one of this thread. */
export const doorbell = new Doorbell();
