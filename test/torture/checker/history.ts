import { steadyNow } from '../steady.js';

/** The start of all histories of a run. */
const start = steadyNow();

/** @param time on the steady clock */
export function sinceStart(time: number): number {
  return time - start;
}

/** The calls of one client and their results, in order, with the violations of a promise among them. */
export class History {
  readonly subject: string;
  readonly violations: string[] = [];
  readonly #events: string[] = [];

  constructor(subject: string) {
    this.subject = subject;
  }

  note(event: string): void {
    this.#events.push(`${sinceStart(steadyNow())} ms ${event}`);
  }

  violate(text: string): void {
    this.violations.push(text);
    this.note(`VIOLATION ${text}`);
  }

  toString(): string {
    return [`history of ${this.subject}`, ...this.#events].join('\n  ');
  }
}
