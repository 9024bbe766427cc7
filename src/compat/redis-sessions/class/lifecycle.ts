import { SessionError } from '../../../errors/session-error.js';
import type { SessionManager } from '../../../service/session-manager.js';
import type { SessionCache } from './session-cache.js';
import { type StartedService, startService } from './started-service.js';
import type { RedisSessionsOptions } from './types.js';

/** From the first call, which starts the service, to `quit`, which stops what was started, and there is no way back. */
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

  /** The manager, unless it is yet to be started, or was stopped. */
  get running(): SessionManager | undefined {
    return this.#running;
  }

  /** The manager, started if it was not. */
  async manager(): Promise<SessionManager> {
    if (this.#hasQuit) throw new SessionError('STOPPED', 'The sessions were quit', {});
    this.#service ??= this.#start().catch((error) => {
      // The next call tries again.
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
    // One that could not be started has nothing to stop.
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
