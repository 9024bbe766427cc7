import { reportFault } from '../../../errors/fault-report.js';
import { isSessionId } from '../../../store/session-token.js';
import type { DamagedRow } from './damaged-row.js';
import type { DamagedSession } from './stored-session.js';

/** Maximum number of sessions that one process reports: a damaged disk must not fill the log of the application. */
const mostReports = 20;

/**
 * The damaged sessions that this process has met. Work on many sessions leaves them out and reports each of them once.
 * They stay in the database until their end is requested: their deadlines may be what is damaged.
 */
export class Damage {
  readonly #sessions = new Set<number>();
  readonly #mailboxes = new Set<number>();
  #met = new Map<number, DamagedSession>();
  #reports = 0;

  /** Number of sessions known to be damaged. */
  get count(): number {
    return this.#sessions.size;
  }

  /** Notes a damaged session that a step has met. */
  note(damaged: DamagedSession, error: DamagedRow): void {
    this.#met.set(damaged.key, damaged);
    if (this.#sessions.has(damaged.key)) return;
    this.#sessions.add(damaged.key);
    const name = isSessionId(damaged.id) ? `The session ${damaged.id}` : 'A session';
    this.#report(`${name} is damaged. It can only be closed, and lists and sweeps leave it out`, error);
  }

  /** Notes that a mailbox has damaged messages, which its readers are told to be lost. @param key of the session */
  noteMessage(key: number, error: DamagedRow): void {
    if (this.#mailboxes.has(key)) return;
    this.#mailboxes.add(key);
    this.#report('Messages of a mailbox are damaged: its readers are told that they are lost', error);
  }

  /** Returns the damaged sessions met since the last call. */
  takeMet(): readonly DamagedSession[] {
    const met = [...this.#met.values()];
    this.#met = new Map();
    return met;
  }

  /** The rows with that key were deleted. */
  forget(key: number): void {
    this.#sessions.delete(key);
  }

  #report(what: string, error: DamagedRow): void {
    this.#reports += 1;
    if (this.#reports > mostReports) return;
    reportFault(this.#reports < mostReports ? what : `${what}. No further damage is reported`, error);
  }
}
