import { inject, injectable } from 'inversify';
import { SessionManager } from '../service/session-manager.js';
import { SessionHttpOptions } from './session-http-options.js';

/** What a poll needs of an app. `authenticate` is called only when several cookies have tokens. */
export type PolledApp = Pick<SessionManager, 'authenticate' | 'pollAsBearer'>;

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
    this.#app = manager.inApp(options.app);
  }

  appOf(): PolledApp {
    return this.#app;
  }
}
