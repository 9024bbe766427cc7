import { inject, injectable } from 'inversify';
import { SessionManager } from '../service/session-manager.js';
import { SessionHttpOptions } from './session-http-options.js';

/** Polls with a token. Returns the function to call when the client disconnects. */
export type Poll = SessionManager['pollAsBearer'];

/** Chooses the app whose mailboxes `GET /poll` serves, because a token does not name its app. */
export abstract class PollApp {
  /** @throws SessionError `INVALID_ARGUMENT` */
  abstract pollOf(query: { readonly [name: string]: unknown }): Poll;
}

/** Serves the app of the options. */
@injectable()
export class SinglePollApp extends PollApp {
  readonly #poll: Poll;

  constructor(
    @inject(SessionManager) manager: SessionManager,
    @inject(SessionHttpOptions) options: SessionHttpOptions,
  ) {
    super();
    const ofApp = manager.inApp(options.app);
    this.#poll = (token, pollOptions, receiver) => ofApp.pollAsBearer(token, pollOptions, receiver);
  }

  pollOf(): Poll {
    return this.#poll;
  }
}
