import { SessionError } from '../../../errors/session-error.js';
import type { SessionManager } from '../../../service/session-manager.js';
import type { SessionCache } from './session-cache.js';
import { type StartedService, startService } from './started-service.js';
import type { RedisSessionsOptions } from './types.js';

/** Starts the service at the first call and stops it at `quit`. Does not start it again after `quit`. */
export class Lifecycle {
  readonly #options: RedisSessionsOptions;
  readonly #cache: SessionCache | undefined;
  #service: Promise<StartedService> | undefined;
  #running: SessionManager | undefined;
  #hasQuit = false;

  constructor(options: RedisSessionsOptions, cache: SessionCache | undefined) {
    this.#options = options;
    this.#cache = cache;
  }

  /** The manager while the service runs, else `undefined`. */
  get running(): SessionManager | undefined {
    return this.#running;
  }

  /** Returns the manager. Starts the service if needed. @throws SessionError `STOPPED` after `quit` */
  async manager(): Promise<SessionManager> {
    if (this.#hasQuit) throw new SessionError('STOPPED', 'These sessions were ended by quit()', {});
    this.#service ??= this.#start().catch((error) => {
      // The next call tries to start the service again.
      this.#service = undefined;
      throw error;
    });
    const { manager } = await this.#service;
    if (!this.#hasQuit) this.#running = manager;
    return manager;
  }

  async quit(): Promise<void> {
    this.#hasQuit = true;
    this.#running = undefined;
    // A service that failed to start needs no stop.
    const service = await this.#service?.catch(() => undefined);
    await this.#cache?.close();
    await service?.stop();
  }

  async #start(): Promise<StartedService> {
    const service = await this.#open();
    try {
      await this.#cache?.open(service.manager);
    } catch (error) {
      await service.stop();
      throw error;
    }
    return service;
  }

  async #open(): Promise<StartedService> {
    const options = this.#options;
    if (options.manager === undefined) return startService(options);
    return { manager: options.manager, stop: async () => {} };
  }
}
