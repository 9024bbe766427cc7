import { setTimeout as delay } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { SessionError } from '../../errors/session-error.js';
import { becomeReady } from './client.js';
import { requireMaster } from './master.js';
import { asUnavailable, storeUnavailable } from './unavailable.js';

/** Milliseconds before the second attempt, and the limit: the pause doubles. The first attempt is made immediately. */
const firstPauseMs = 50;
const longestPauseMs = 1_000;

/**
 * Milliseconds that a server may take from the connection until it is ready. A server that loads its data takes longer,
 * and may not be the master any more. ioredis would wait until it is ready, perhaps for hours.
 */
const readyTimeMs = 5_000;

export interface MasterSearchListener {
  /** The server turned out not to be the master. @param refusal the answer of the server */
  lost(refusal: string): void;
  /** The connection leads to a master again, perhaps to another server. */
  found(): void;
}

/**
 * Searches for the master after a failover. A connection may stay open to the old master, which is a replica now and
 * refuses every write. ioredis sees no error, because the refusals are within the replies of the program. Therefore
 * this class reconnects the client until the server at the other end is a master. Each time the client resolves its
 * address (name, Sentinel, proxy) again.
 *
 * A reconnect interrupts the calls that are under way on the connection. They fail as unsure, and are not sent again.
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

  /** The error with which every call fails during a search; `undefined` when there is no search. */
  get refusal(): SessionError | undefined {
    return this.#refusal;
  }

  /** Starts a search, unless a search is running. @param refusal the answer of the server */
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

  /** Starts a search if the server is not ready in time after the library has connected. */
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
        // The pause is partly random, so that the nodes of a fleet don't all reconnect at the same moment.
        await delay(pause * (0.5 + Math.random() / 2), undefined, { signal, ref: false }).catch(() => {});
      }
    }
    if (signal.aborted) return;
    this.#refusal = undefined;
    this.#listener.found();
  }

  async #reconnect(): Promise<void> {
    const client = this.#client;
    // Without a retry strategy, `disconnect` would end the client for ever, although the application may use it, too.
    const isConnected = client.status === 'ready' || client.status === 'connect';
    if (isConnected && typeof client.options.retryStrategy === 'function') {
      const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
      client.disconnect(true);
      await closed;
    }
    await becomeReady(client, this.#closing.signal, readyTimeMs);
  }
}
