import { inject, injectable } from 'inversify';
import { invalidArgument } from '../../../errors/session-error.js';
import { PollApp, type PolledApp, pollOnceKnown } from '../../../http/index.js';
import { SessionManager } from '../../../service/session-manager.js';
import { looksOld, OldTokens } from '../class/old-tokens.js';

/** Reads the app of a poll from the query: `GET /poll?app=…`. Accepts the tokens of imported sessions, too. */
@injectable()
export class QueryPollApp extends PollApp {
  readonly #manager: SessionManager;
  readonly #oldTokens: OldTokens;

  constructor(@inject(SessionManager) manager: SessionManager, @inject(OldTokens) oldTokens: OldTokens) {
    super();
    this.#manager = manager;
    this.#oldTokens = oldTokens;
  }

  appOf({ app }: { readonly [name: string]: unknown }): PolledApp {
    if (typeof app !== 'string') throw invalidArgument('app', 'must be given once, in the query', app);
    const manager = this.#manager.inApp(app);
    return {
      authenticate: async (token) => manager.authenticate(await this.#oldTokens.current(manager, token)),
      pollAsBearer: (token, options, receiver) =>
        looksOld(token)
          ? pollOnceKnown(manager, this.#oldTokens.current(manager, token), options, receiver)
          : manager.pollAsBearer(token, options, receiver),
      reportRefused: (error, request) => manager.reportRefused(error, request),
    };
  }
}
