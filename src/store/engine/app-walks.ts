import type { CloseReason } from '../../errors/close-reason.js';
import type { ClosedSession, SessionRecord } from '../session-record.js';
import type { AppPage, AppQuery, PresenceCounts } from '../session-store.js';
import type { AppOperations, AppStep } from './app-operations.js';

/**
 * Carries out one step of a walk in a separate transaction, with the time of the step. Resolves in a later turn of the
 * event loop than the step before, so that other work can run between the steps of a walk over many sessions.
 */
export type StepRunner = <Item>(step: (apps: AppOperations, now: number) => AppStep<Item>) => Promise<AppStep<Item>>;

/** The operations of `SessionStore` on all sessions of an app, or of all apps, as walks of several steps. */
export class AppWalks {
  readonly #run: StepRunner;
  readonly #most: number;

  /** @param most maximum number of entries that one step examines */
  constructor(run: StepRunner, most: number) {
    this.#run = run;
    this.#most = most;
  }

  async listApp(app: string, { activeWithin, limit, cursor }: AppQuery): Promise<AppPage> {
    const records: SessionRecord[] = [];
    let after = cursor;
    do {
      const missing = limit - records.length;
      const step = await this.#run((apps, now) => apps.list(app, after, missing, activeWithin, this.#most, now));
      records.push(...step.items);
      after = step.next;
    } while (after !== undefined && records.length < limit);
    return { records, cursor: after };
  }

  scanApp(app: string, size: number): AsyncGenerator<readonly string[], void> {
    return this.#chunks((after) => {
      return this.#run((apps, now) => apps.scan(app, after, Math.min(size, this.#most), now));
    });
  }

  endApp(app: string, reason: CloseReason): AsyncGenerator<readonly ClosedSession[], void> {
    return this.#chunks((after) => this.#run((apps, now) => apps.end(app, after, reason, this.#most, now)));
  }

  async countSessions(app: string): Promise<number> {
    let sum = 0;
    const chunks = this.#chunks((after) => this.#run((apps) => apps.count(app, after)));
    for await (const chunk of chunks) for (const count of chunk) sum += count;
    return sum;
  }

  async countPresence(): Promise<PresenceCounts> {
    const sum = { online: 0, away: 0 };
    for await (const chunk of this.#chunks((after) => this.#run((apps) => apps.countPresence(after)))) {
      for (const { online, away } of chunk) {
        sum.online += online;
        sum.away += away;
      }
    }
    return sum;
  }

  async countActiveAccounts(app: string, within: number): Promise<number> {
    const accounts = new Set<string>();
    const chunks = this.#chunks((after) => {
      return this.#run((apps, now) => apps.activeAccounts(app, after, within, this.#most, now));
    });
    for await (const chunk of chunks) for (const accountId of chunk) accounts.add(accountId);
    return accounts.size;
  }

  async *#chunks<Item>(
    stepAfter: (after: string | undefined) => Promise<AppStep<Item>>,
  ): AsyncGenerator<readonly Item[], void> {
    let after: string | undefined;
    do {
      const { items, next } = await stepAfter(after);
      yield items;
      after = next;
    } while (after !== undefined);
  }
}
