import { inject, injectable } from 'inversify';
import { invalidArgument } from '../../../errors/session-error.js';
import { type Poll, PollApp } from '../../../http/index.js';
import { SessionManager } from '../../../service/session-manager.js';
import { looksOld, OldTokens } from '../class/old-tokens.js';

/** Takes the app of a poll from its query: `GET /poll?app=…`. Accepts the tokens of imported sessions. */
@injectable()
export class QueryPollApp extends PollApp {
  readonly #manager: SessionManager;
  readonly #oldTokens: OldTokens;

  constructor(@inject(SessionManager) manager: SessionManager, @inject(OldTokens) oldTokens: OldTokens) {
    super();
    this.#manager = manager;
    this.#oldTokens = oldTokens;
  }

  pollOf({ app }: { readonly [name: string]: unknown }): Poll {
    if (typeof app !== 'string') throw invalidArgument('app', 'must be given once, in the query', app);
    const manager = this.#manager.inApp(app);
    return (token, options, receiver) => {
      if (!looksOld(token)) return manager.pollAsBearer(token, options, receiver);
      let hangUp: (() => void) | 'gone' | undefined;
      this.#oldTokens.current(manager, token).then(
        (current) => {
          if (hangUp !== 'gone') hangUp = manager.pollAsBearer(current, options, receiver);
        },
        (error) => receiver.fail(error),
      );
      return () => {
        if (typeof hangUp === 'function') hangUp();
        hangUp = 'gone';
      };
    };
  }
}
