import type { ExpiryHistory } from '../checker/expiry-history.js';
import { pause, steadyNow } from '../steady.js';
import type { Asker } from './ask.js';

/** The idle time of these sessions: the shortest that a store accepts and at which a paused node has an effect. */
export const ttl = 1_000;

/** Logins that no client uses. */
export class ExpiryTraffic {
  readonly history: ExpiryHistory;
  readonly #asker: Asker;
  #isOver = false;

  constructor(history: ExpiryHistory, asker: Asker) {
    this.history = history;
    this.#asker = asker;
  }

  leave(): void {
    this.#isOver = true;
  }

  async run(): Promise<void> {
    for (let number = 1; !this.#isOver; number += 1) {
      const from = steadyNow();
      const { status, body } = await this.#asker.ask('/create', { account: `${this.history.subject}-${number}`, ttl });
      if (status === 200) this.history.created(String(body.id), from, steadyNow());
      await pause(200);
    }
  }
}
