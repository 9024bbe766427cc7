import type { LoginHistory } from '../checker/login-history.js';
import type { StoreChanges } from '../checker/store-changes.js';
import { pick, type Random } from '../random.js';
import { pause, steadyNow } from '../steady.js';
import type { Asker } from './ask.js';

/** Number of concurrent logins that compete for the places of an account. */
const racers = 5;
/** Number of ended tokens that are used again in each round: the latest, and the same number of random ones. */
const shownAgain = 5;
/** Number of the latest ended tokens that are used again after the store may have gone back. */
const shownAfterChange = 150;

/** One account whose devices log in concurrently, rotate their tokens and are closed. Ended tokens are used again. */
export class LoginTraffic {
  readonly history: LoginHistory;
  readonly #account: string;
  readonly #limit: number;
  readonly #asker: Asker;
  readonly #random: Random;
  /** All tokens that the account received, in order. */
  readonly #tokens: string[] = [];
  /** Tokens that nothing has ended yet. */
  readonly #live = new Set<string>();
  readonly #ended: string[] = [];
  readonly #changes: StoreChanges;
  /** Number of changes of history after which the ended tokens were used again. */
  #changesSeen = 0;
  #isOver = false;

  constructor(history: LoginHistory, limit: number, changes: StoreChanges, asker: Asker, random: Random) {
    this.history = history;
    this.#account = history.subject;
    this.#limit = limit;
    this.#changes = changes;
    this.#asker = asker;
    this.#random = random;
  }

  leave(): void {
    this.#isOver = true;
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      await Promise.all(Array.from({ length: racers }, () => this.#login()));
      await this.#count();
      await this.#rotate();
      await this.#closeAll();
      await this.showEnded();
      await pause(100 + this.#random() * 300);
    }
  }

  /** Tries to use tokens that have ended. */
  async showEnded(): Promise<void> {
    const any =
      this.#ended.length === 0 ? [] : Array.from({ length: shownAgain }, () => pick(this.#ended, this.#random));
    for (const token of new Set([...this.#ended.slice(-shownAgain), ...any])) await this.#show(token);
  }

  /** Tries ended tokens after a change of history. One that came back is visible only until the account is closed. */
  async #showAfterChange(): Promise<void> {
    const { count } = this.#changes;
    if (count === this.#changesSeen) return;
    const shown = await Promise.all(this.#ended.slice(-shownAfterChange).map((token) => this.#show(token)));
    if (!shown.includes(undefined)) this.#changesSeen = count;
  }

  async #login(): Promise<void> {
    const { status, body } = await this.#asker.ask('/create', { account: this.#account, limit: this.#limit });
    if (status !== 200) return;
    const token = String(body.token);
    this.#tokens.push(token);
    this.#live.add(token);
    this.history.login(token);
  }

  /** Counts the live sessions. Nothing ends a session during the count, so that all were live at the same time. */
  async #count(): Promise<void> {
    const from = steadyNow();
    let live = 0;
    for (const token of this.#live) if (await this.#show(token)) live += 1;
    this.history.counted(live, from);
    const { status, body } = await this.#asker.ask('/list', { account: this.#account });
    if (status === 200) this.history.listed(Number(body.count));
  }

  async #rotate(): Promise<void> {
    if (this.#live.size === 0) return;
    const old = pick([...this.#live], this.#random);
    // If there is no answer, the token may be live or not.
    this.#live.delete(old);
    const from = steadyNow();
    const { status, body } = await this.#asker.ask('/rotate', { id: old.slice(0, 24) });
    if (status !== 200) return;
    const token = String(body.token);
    this.#tokens.push(token);
    this.#live.add(token);
    this.#end([old], from, 'rotated');
  }

  /** Closes all sessions of the account. Retries until this is acknowledged. */
  async #closeAll(): Promise<void> {
    for (;;) {
      await this.#showAfterChange();
      const from = steadyNow();
      const { status } = await this.#asker.ask('/close-account', { account: this.#account });
      if (status === 200) {
        this.#live.clear();
        // All tokens so far, because an ended one may have come back in a change of history.
        this.#end(this.#tokens, from, 'closed the account');
        return;
      }
      if (this.#isOver) return;
      await pause(100);
    }
  }

  #end(tokens: readonly string[], from: number, how: string): void {
    const known = new Set(this.#ended);
    this.#ended.push(...tokens.filter((token) => !known.has(token)));
    this.history.end(tokens, from, how);
  }

  /** @returns whether the token was accepted; `undefined` if the store did not answer */
  async #show(token: string): Promise<boolean | undefined> {
    const { status } = await this.#asker.ask('/authenticate', { token });
    if (status === 200) this.history.accepted(token);
    return status === 200 || status === 401 ? status === 200 : undefined;
  }
}
