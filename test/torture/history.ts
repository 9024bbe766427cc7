/** What one client was told: all that the checker may know. */
export class History {
  readonly account: string;
  readonly acknowledged: number[] = [];
  readonly received: number[] = [];
  lost = 0;
  resets = 0;
  /** How many pushes were acknowledged when the client was last told that the mailbox began anew. */
  acknowledgedBeforeReset = 0;
  readonly violations: string[] = [];
  readonly #events: string[] = [];
  readonly #start = performance.now();

  constructor(account: string) {
    this.account = account;
  }

  note(event: string): void {
    this.#events.push(`${Math.round(performance.now() - this.#start)} ms ${event}`);
  }

  violate(text: string): void {
    this.violations.push(text);
    this.note(`VIOLATION ${text}`);
  }

  take(messages: readonly number[], lost: number, isReset: boolean): void {
    if (isReset) {
      this.resets += 1;
      this.acknowledgedBeforeReset = this.acknowledged.length;
    }
    this.lost += lost;
    if (messages.length > 0 || lost > 0 || isReset) this.note(`received ${messages} lost ${lost} reset ${isReset}`);
    for (const message of messages) {
      const latest = this.received.at(-1) ?? 0;
      // After a reset the client is given again what it had.
      if (message <= latest && this.resets === 0) this.violate(`${message} was received after ${latest}`);
      this.received.push(message);
    }
  }

  /** Once all is delivered: no acknowledged message may be missing that the client was not told of. */
  settle(): void {
    const received = new Set(this.received);
    const missing = this.acknowledged.slice(this.acknowledgedBeforeReset).filter((number) => !received.has(number));
    if (missing.length > this.lost) this.violate(`acknowledged, never received, told lost ${this.lost}: ${missing}`);
  }

  toString(): string {
    return [`history of ${this.account}`, ...this.#events].join('\n  ');
  }
}
