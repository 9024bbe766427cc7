import { reportFault } from '../errors/fault-report.js';
import type { WantedContent } from './session-content.js';

/** Number of visitor sessions without any login after which the application is warned. */
const patience = 100;

/**
 * Warns once if the application seems to keep who is logged in where the store does not look. In that case no limit
 * applies, no login is listed, and no login can be ended.
 */
export class BindingWatch {
  readonly #maxSession: number;
  #unbound = 0;
  #isDone: boolean;

  /** @param maxSession the limit of the context; without a limit (0) there is no warning */
  constructor(maxSession: number) {
    this.#maxSession = maxSession;
    this.#isDone = maxSession === 0;
  }

  /** Counts a visitor session that was created. */
  visitorCreated({ data }: WantedContent): void {
    if (this.#isDone) return;
    this.#unbound += 1;
    const byPassport = data.get('passport')?.startsWith('{"user":') === true;
    if (!byPassport && this.#unbound < patience) return;
    this.#isDone = true;
    const found = byPassport
      ? 'Passport has logged a user in'
      : `${this.#unbound} sessions were saved, and none was bound to an account`;
    reportFault(
      `${found}: maxSession (${this.#maxSession}) limits no account`,
      'Set req.session.accountId at the login, or tell SessionMailboxStore who is logged in by the option accountOf; for Passport: (data) => data.passport?.user. Without logins, set maxSession: 0.',
    );
  }

  /** Ends the watch, because a session is bound to an account. */
  bound(): void {
    this.#isDone = true;
  }
}
