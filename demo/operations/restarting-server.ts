import { setTimeout as delay } from 'node:timers/promises';
import { Application } from '../application.js';
import type { Configuration } from '../configuration.js';
import type { Stores } from '../stores.js';
import { Operations, type RedisAction, type StartCommand } from './operations.js';

/** Milliseconds for which a restart leaves the port closed, so that the page shows what clients do in this time. */
const pauseMs = 2_000;

/** The demo as one process. A restart stops the service like a signal does, and starts it again on the same data. */
export class RestartingServer extends Operations {
  readonly startedBy: StartCommand;
  restarts = 0;
  override readonly killWorker = undefined;
  override readonly redis: ((action: RedisAction) => Promise<void>) | undefined;
  readonly #configuration: Configuration;
  readonly #stores: Stores;
  readonly #stopping = new AbortController();
  #application: Application;
  #restarting: Promise<void> | undefined;

  constructor(configuration: Configuration, stores: Stores, redis?: (action: RedisAction) => Promise<void>) {
    super();
    this.startedBy = redis === undefined ? 'start' : 'start:redis';
    this.redis = redis;
    this.#configuration = configuration;
    this.#stores = stores;
    this.#application = new Application(configuration, stores, this);
  }

  /** @returns the URL of the server */
  listen(): Promise<string> {
    return this.#application.listen();
  }

  override restart(): void {
    this.#restarting ??= this.#restart()
      .catch((error) => {
        console.error('The restart failed:', error);
        process.exit(1);
      })
      .finally(() => {
        this.#restarting = undefined;
      });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#restarting;
    await this.#application.stop();
  }

  async #restart(): Promise<void> {
    const { signal } = this.#stopping;
    // Listen on the same port again, even if the system has chosen it.
    const port = Number(new URL(await this.#application.listen()).port);
    await this.#application.stop();
    await delay(pauseMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    const { server } = this.#configuration;
    this.#application = new Application({ ...this.#configuration, server: { ...server, port } }, this.#stores, this);
    await this.#application.listen();
    this.restarts += 1;
  }
}
