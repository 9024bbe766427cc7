import { inject, injectable } from 'inversify';
import type { PolledApp } from '../routes/polled-app.js';
import { requireManager } from '../service/require-manager.js';
import { SessionManager } from '../service/session-manager.js';
import { SessionHttpOptions } from './session-http-options.js';

/** Chooses the app whose mailboxes `GET /poll` serves, because a token does not name its app. */
export abstract class PollApp {
  /** @throws SessionError `INVALID_ARGUMENT` */
  abstract appOf(query: { readonly [name: string]: unknown }): PolledApp;
}

/** Serves the app of the options. */
@injectable()
export class SinglePollApp extends PollApp {
  readonly #app: SessionManager;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    super();
    this.#app = requireManager(manager).inApp(options.app);
  }

  appOf(): PolledApp {
    return this.#app;
  }
}
