import { reportFault } from '../errors/fault-report.js';
import type { WantedContent } from './session-content.js';

/** Sessions saved without any login, after which the application is warned. */
const patience = 100;

/**
 * Warns once when the application seems to keep who is logged in where the store does not look: then no limit applies,
 * no login is listed, and none can be ended.
 */
export class BindingWatch {
  readonly #maxSession: number;
  #unbound = 0;
  #isDone: boolean;

  /** @param maxSession the limit of the context; without one no warning is due */
  constructor(maxSession: number) {
    this.#maxSession = maxSession;
    this.#isDone = maxSession === 0;
  }

  /** A session of a visitor was created. */
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

  /** A login was seen. */
  bound(): void {
    this.#isDone = true;
  }
}
