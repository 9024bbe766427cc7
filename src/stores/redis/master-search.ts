import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { SessionError } from '../../errors/session-error.js';
import { becomeReady } from './client.js';
import { requireMaster } from './master.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

/** Before the second attempt, and the most: it doubles. The first attempt is made at once. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;

/**
 * How long a server may take from the connection to being ready. One that loads its data takes longer, and may have ceased to
 * be the master: until it is ready ioredis would wait for it, for hours if need be.
 */
const readyTimeMs = 5_000;

export interface MasterSearchListener {
  /** The server turned out not to be the master. @param refusal what it answered */
  lost(refusal: string): void;
  /** The connection leads to a master again, perhaps to another server. */
  found(): void;
}

/**
 * After a failover a connection may stay open to the old master, which is a replica now and refuses every write. ioredis sees
 * no error, because the refusals are within the replies of the program. So this class reconnects the client, which resolves
 * its address (name, Sentinel, proxy) anew, until the server at the other end is a master.
 *
 * To reconnect breaks what is under way on the connection. Those calls fail as unsure, and are not sent again.
 */
export class MasterSearch {
  readonly #client: Redis;
  readonly #listener: MasterSearchListener;
  readonly #closing = new AbortController();
  #refusal: SessionError | undefined;
  #searching: Promise<void> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;

  constructor(client: Redis, listener: MasterSearchListener) {
    this.#client = client;
    this.#listener = listener;
    client.on('connect', this.#watchConnected);
  }

  /** The error of every call while the search goes on. */
  get refusal(): SessionError | undefined {
    return this.#refusal;
  }

  /** Starts a search, unless one goes on. @param refusal what the server answered */
  start(refusal: string): void {
    if (this.#refusal !== undefined || this.#closing.signal.aborted) return;
    this.#refusal = storeUnavailable(refusal);
    this.#listener.lost(refusal);
    this.#searching = this.#search();
  }

  async stop(): Promise<void> {
    this.#closing.abort();
    this.#client.off('connect', this.#watchConnected);
    clearTimeout(this.#watch);
    await this.#searching;
  }

  /** After every connection that the library made by itself. */
  readonly #watchConnected = (): void => {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      if (this.#client.status === 'connect') this.start(`LOADING It was not ready within ${readyTimeMs} ms`);
    }, readyTimeMs);
    this.#watch.unref();
  };

  async #search(): Promise<void> {
    const { signal } = this.#closing;
    for (let pause = firstPauseMs; !signal.aborted; pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        await this.#reconnect();
        await requireMaster(this.#client);
        break;
      } catch (error) {
        this.#refusal = asUnavailable(error);
        // At random, so that the nodes of a fleet don't all reconnect at the same moment.
        await delay(pause * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
      }
    }
    if (signal.aborted) return;
    this.#refusal = undefined;
    this.#listener.found();
  }

  async #reconnect(): Promise<void> {
    const client = this.#client;
    // A client that never reconnects would end here, and with it the application that gave it.
    const isConnected = client.status === 'ready' || client.status === 'connect';
    if (isConnected && typeof client.options.retryStrategy === 'function') {
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.disconnect(true);
      await closed;
    }
    await becomeReady(client, this.#closing.signal, readyTimeMs);
  }
}
